import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DynamoTable } from "../../../adapters/aws/dynamo-table.ts";
import type { Key } from "../../../core/ports/table.ts";
import { openDynalite } from "../../support/aws/dynalite.ts";
import { type Answers, TwinTables } from "../../support/aws/twin-tables.ts";
import { MemoryTable } from "../../support/memory-table.ts";
import { uniqueName } from "../../support/unique-name.ts";

const dynalite = await openDynalite();
const RUNS = 50;
const STEPS = 50;

/**
 * Keys that lie close together, some the prefix of others. None beyond the basic plane: dynalite compares the bounds of
 * a query by UTF-16 units, where DynamoDB compares bytes of UTF-8, and from there on the orders differ.
 */
const sks = ["a", "a\u0000", "a#", "ab", "b", "\u00e4", "\u4e2d"];
const LAST_BEFORE_SURROGATES = 0xd7ff;

type Step = (tables: TwinTables, pk: string) => Promise<Answers>;

describe("DynamoTable and a table in memory", () => {
  it(`give the same answers to any ${STEPS} operations in a row`, async () => {
    const client = dynalite.client();
    const steps = fc.array(aStep(), { minLength: STEPS, maxLength: STEPS, size: "max" });
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        const tables = new TwinTables(new MemoryTable(), new DynamoTable({ client, tableName: dynalite.tableName }));
        const pk = uniqueName();
        for (const step of run) {
          const { model, table } = await step(tables, pk);
          expect(table).toEqual(model);
        }
      }),
      { seed: 20_260_103, numRuns: RUNS },
    );
  });
});

function aStep(): fc.Arbitrary<Step> {
  const key = fc.record({ part: fc.constantFrom("1", "2"), sk: fc.constantFrom(...sks) });
  const keys = fc.uniqueArray(key, { maxLength: 6, selector: ({ part, sk }) => part + sk });
  const body = fc.record({ n: fc.nat(9) });
  const expected = fc.oneof(
    fc.constantFrom("any" as const, "absent" as const),
    fc.record({ delta: fc.constantFrom(0, 0, 0, -1, 1) }),
  );
  const character = fc.integer({ min: 0, max: LAST_BEFORE_SURROGATES }).map((code) => String.fromCharCode(code));
  const bound = fc.oneof(fc.constantFrom(...sks), fc.string({ unit: character, minLength: 1, maxLength: 3 }));
  const range = fc.record(
    { from: bound, before: bound, after: bound, descending: fc.boolean(), limit: fc.integer({ min: 1, max: 4 }) },
    { requiredKeys: ["limit"] },
  );
  const batch = fc.record({ keys, body, puts: fc.nat(6) });

  const puts = stepsOf("put", fc.record({ key, body, expected }), (tables, pk, put) =>
    tables.put(keyOf(pk, put.key), put.body, put.expected),
  );
  const deletes = stepsOf("delete", fc.record({ key, expected }), (tables, pk, removal) =>
    tables.delete(keyOf(pk, removal.key), removal.expected),
  );
  const gets = stepsOf("get", key, (tables, pk, at) => tables.get(keyOf(pk, at)));
  const batchGets = stepsOf("batchGet", keys, (tables, pk, ats) => tables.batchGet(ats.map((at) => keyOf(pk, at))));
  const queries = stepsOf("query", range, (tables, pk, query) => tables.query({ pk: `${pk}1`, ...query }));
  const batchWrites = stepsOf("batchWrite", batch, (tables, pk, given) =>
    tables.batchWrite(
      given.keys
        .map((at) => keyOf(pk, at))
        .map((at, index) => (index < given.puts ? { put: { key: at, body: given.body } } : { delete: at })),
    ),
  );
  return fc.oneof(puts, puts, deletes, gets, batchGets, queries, queries, batchWrites);
}

/** Steps that say what they do when a property fails. */
function stepsOf<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  act: (tables: TwinTables, pk: string, input: T) => Promise<Answers>,
): fc.Arbitrary<Step> {
  return inputs.map((input) =>
    Object.assign<Step, object>((tables, pk) => act(tables, pk, input), {
      [fc.toStringMethod]: () => `${name}(${fc.stringify(input)})`,
    }),
  );
}

function keyOf(pk: string, { part, sk }: { readonly part: string; readonly sk: string }): Key {
  return { pk: `${pk}${part}`, sk };
}
