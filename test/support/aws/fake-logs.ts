import { invalid, LogsError, toAnswer, type LogsAnswer } from "./fake-logs-errors.ts";
import { type FakeStream, getEvents, putEvents } from "./fake-logs-stream.ts";

export interface FakeLogsOptions {
  /** Names of the log groups that exist. */
  readonly groups: readonly string[];
  /** @default the machine's */
  readonly nowMs?: () => number;
  /** For how many reads of its stream an event is not shown yet. Default 0. */
  readonly hiddenReads?: number;
  /** What a page holds at most. @default the service's 10,000 */
  readonly maxPageEvents?: number;
}

type Operation = "CreateLogStream" | "PutLogEvents" | "GetLogEvents" | "DescribeLogStreams";

/**
 * CloudWatch Logs in memory, as far as logs of runs use it: protocol AwsJson1.1, the limits of the service enforced, its
 * errors in their shape. Quotas per second are not kept; `failNext` stands for them.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
 */
export class FakeLogs {
  /** Names of the operations that were asked for, in order; also of those that failed. */
  readonly calls: string[] = [];
  readonly #groups: ReadonlyMap<string, Map<string, FakeStream>>;
  readonly #nowMs: () => number;
  readonly #hiddenReads: number;
  readonly #maxPageEvents: number;
  readonly #failures: { readonly operation: Operation; readonly error: LogsError }[] = [];

  constructor({ groups, nowMs = Date.now, hiddenReads = 0, maxPageEvents = 10_000 }: FakeLogsOptions) {
    this.#groups = new Map(groups.map((name) => [name, new Map()]));
    this.#nowMs = nowMs;
    this.#hiddenReads = hiddenReads;
    this.#maxPageEvents = maxPageEvents;
  }

  /** Lets the next requests for an operation fail, one for each error. */
  failNext(operation: Operation, ...errors: readonly LogsError[]): void {
    this.#failures.push(...errors.map((error) => ({ operation, error })));
  }

  /**
   * Answers one request.
   *
   * @param target - of the header `X-Amz-Target`: `Logs_20140328.PutLogEvents`
   * @param body - JSON
   */
  handle(target: string, body: string): LogsAnswer {
    const operation = target.replace(/^Logs_20140328\./, "");
    this.calls.push(operation);
    return toAnswer(() => this.#answer(operation, parseInput(body)));
  }

  /** Of a group, in order. */
  streamNames(group: string): string[] {
    return [...(this.#groups.get(group)?.keys() ?? [])].toSorted();
  }

  /** The messages of a stream, shown or not, in the order of the service. */
  messages(group: string, stream: string): string[] {
    return (
      this.#groups
        .get(group)
        ?.get(stream)
        ?.events.map(({ message }) => message) ?? []
    );
  }

  #answer(operation: string, input: Input): object {
    const failure = this.#failures.findIndex((each) => each.operation === operation);
    if (failure !== -1) throw this.#failures.splice(failure, 1)[0]?.error ?? invalid("");
    switch (operation) {
      case "CreateLogStream":
        return this.#create(input);
      case "PutLogEvents":
        return putEvents(this.#streamOf(input), input["logEvents"], this.#nowMs());
      case "GetLogEvents":
        return getEvents(this.#streamOf(input), input, {
          hiddenReads: this.#hiddenReads,
          maxPageEvents: this.#maxPageEvents,
        });
      case "DescribeLogStreams":
        return this.#describe(input);
      default:
        throw new LogsError("UnknownOperationException", "");
    }
  }

  #create(input: Input): object {
    const group = this.#groupOf(input);
    const name = streamNameOf(input);
    if (group.has(name))
      throw new LogsError("ResourceAlreadyExistsException", "The specified log stream already exists");
    group.set(name, { events: [], createdAtMs: this.#nowMs(), reads: 0 });
    return {};
  }

  #describe(input: Input): object {
    const prefix = input["logStreamNamePrefix"] ?? "";
    if (typeof prefix !== "string") throw invalid("logStreamNamePrefix is a string");
    const streams = [...this.#groupOf(input)].filter(([name]) => name.startsWith(prefix));
    return {
      logStreams: streams
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, MAX_DESCRIBED)
        .map(([logStreamName, { createdAtMs }]) => ({ logStreamName, creationTime: createdAtMs, storedBytes: 0 })),
    };
  }

  #groupOf(input: Input): Map<string, FakeStream> {
    const name = input["logGroupName"];
    if (typeof name !== "string" || !/^[.\-_/#A-Za-z0-9]{1,512}$/.test(name)) throw invalid("logGroupName");
    const group = this.#groups.get(name);
    if (group === undefined)
      throw new LogsError("ResourceNotFoundException", "The specified log group does not exist.");
    return group;
  }

  #streamOf(input: Input): FakeStream {
    const stream = this.#groupOf(input).get(streamNameOf(input));
    if (stream === undefined)
      throw new LogsError("ResourceNotFoundException", "The specified log stream does not exist.");
    return stream;
  }
}

/** The service gives so many without being asked for fewer. */
const MAX_DESCRIBED = 50;

type Input = Readonly<Record<string, unknown>>;

function parseInput(body: string): Input {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Refused below.
  }
  if (typeof value !== "object" || value === null) throw new LogsError("SerializationException", "");
  return { ...value };
}

function streamNameOf(input: Input): string {
  const name = input["logStreamName"];
  if (typeof name !== "string" || !/^[^:*]{1,512}$/s.test(name)) {
    const rule = "Member must satisfy regular expression pattern: [^:*]*";
    throw invalid(`1 validation error detected: Value '${String(name)}' at 'logStreamName' failed: ${rule}`);
  }
  return name;
}
