import type { AwsAnswer, AwsRequest } from "./aws-request.ts";
import type { Charge } from "./charges.ts";
import type { Consumption } from "./meter.ts";

const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];
const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];
/** A write unit is for each KB begun, a read unit for each 4 KB begun of a consistent read. */
const WRITE_UNIT_BYTES = 1_024;

/**
 * Charges of DynamoDB, from its own answers: the front asks for the consumed capacity and takes it out again.
 *
 * Two things are added that an emulator leaves out: a query that finds nothing costs its least unit, and a conditional
 * write that is refused costs what it would have cost.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export function dynamoCharge(request: AwsRequest): Charge {
  const { operation, input } = request;
  if (![...READS, ...WRITES].includes(operation)) {
    return {
      request,
      settle: (answer) => Promise.resolve({ answer, consumed: { requests: 1, chargedRequests: 1 } }),
    };
  }
  const asked = input["ReturnConsumedCapacity"];
  const isAskedFor = asked !== undefined && asked !== "NONE";
  return {
    request: isAskedFor ? request : withInput(request, { ...input, ReturnConsumedCapacity: "TOTAL" }),
    async settle(answer, ask) {
      const { ConsumedCapacity, ...rest } = JSON.parse(new TextDecoder().decode(answer.body)) as Answer;
      const base = { requests: 1, chargedRequests: 1, bytes: request.body.byteLength };
      if (answer.status !== 200) {
        const isCharged = errorOf(rest).endsWith("ConditionalCheckFailedException");
        const writeUnits = isCharged ? await refusedUnits(request, ask) : 0;
        return { answer, consumed: { ...base, writeUnits } };
      }
      const consumed = { ...base, ...units(request, ConsumedCapacity) };
      return { answer: isAskedFor ? answer : { ...answer, body: encode(rest) }, consumed };
    },
  };
}

/** The error's name, in the field that the protocol has for it. */
function errorOf({ [TYPE]: type = "" }: Answer): string {
  return type;
}

const TYPE = "__type";

interface Capacity {
  readonly CapacityUnits?: number;
}

interface Answer {
  readonly ConsumedCapacity?: Capacity | readonly Capacity[];
  readonly [TYPE]?: string;
}

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

function units({ operation, input }: AwsRequest, capacity: Answer["ConsumedCapacity"]): Partial<Consumption> {
  const all = Array.isArray(capacity) ? (capacity as readonly Capacity[]) : [(capacity ?? {}) as Capacity];
  const sum = all.reduce((most, { CapacityUnits = 0 }) => most + CapacityUnits, 0);
  if (WRITES.includes(operation)) return { writeUnits: sum };
  const least = input["ConsistentRead"] === true ? 1 : 0.5;
  return { readUnits: operation === "Query" || operation === "Scan" ? Math.max(least, sum) : sum };
}

/** A refused write costs by the size of the item that is there. */
async function refusedUnits(request: AwsRequest, ask: (request: AwsRequest) => Promise<AwsAnswer>): Promise<number> {
  const { TableName, Key } = request.input;
  if (Key === undefined) return 1;
  const read = withInput({ ...request, operation: "GetItem" }, { TableName, Key, ConsistentRead: true });
  const target = { ...read.headers, "x-amz-target": "DynamoDB_20120810.GetItem" };
  const { body } = await ask({ ...read, headers: target });
  const { Item } = JSON.parse(new TextDecoder().decode(body)) as { readonly Item?: Item };
  return Math.max(1, Math.ceil(itemBytes(Item ?? {}) / WRITE_UNIT_BYTES));
}

/** Size of an item of strings and numbers. A number takes a byte for two digits, and one more. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce((sum, [name, { S, N }]) => {
    const value = S === undefined ? 1 + Math.ceil((N ?? "").length / 2) : Buffer.byteLength(S);
    return sum + Buffer.byteLength(name) + value;
  }, 0);
}

function withInput(request: AwsRequest, input: Readonly<Record<string, unknown>>): AwsRequest {
  return { ...request, input, body: encode(input) };
}

function encode(value: unknown): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(JSON.stringify(value)));
}
