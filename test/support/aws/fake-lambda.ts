import type { FakeReply, FakeRequest } from "./fake-service.ts";

/** One invocation as the function sees it. */
export interface FakeInvocation {
  readonly name: string;
  readonly qualifier: string | undefined;
  readonly type: "RequestResponse" | "Event";
  readonly payload: unknown;
  /** The client context, decoded. */
  readonly clientContext: unknown;
}

/** What a function answers with: its return value, or an error; and what it has logged. */
export interface FakeAnswer {
  /** The text of its answer. Default `null`. */
  readonly payload?: string;
  readonly error?: "Handled" | "Unhandled";
  readonly log?: string;
}

export type FakeFunction = (invocation: FakeInvocation) => FakeAnswer | Promise<FakeAnswer>;

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const MAX_SYNC_BYTES = 6 * 1024 * 1024;
const MAX_ASYNC_BYTES = 1024 * 1024;
const MAX_CONTEXT_LENGTH = 3_583;
const MAX_TAIL_BYTES = 4 * 1024;

/** Lambda in memory, as far as functions are invoked: protocol restJson1, the limits of the service enforced. */
export class FakeLambda {
  readonly invocations: FakeInvocation[] = [];
  /** By name; asked for by another form, the last part of it without its qualifier counts. */
  readonly #functions: Readonly<Record<string, FakeFunction>>;
  readonly #failures: FakeReply[] = [];

  constructor(functions: Readonly<Record<string, FakeFunction>>) {
    this.#functions = functions;
  }

  /** Answers the next invocation by an error of the service. */
  failNext(status: number, error: string): void {
    this.#failures.push(refusal(status, error, `told to fail with ${error}`));
  }

  readonly handle = async ({ method, path, query, headers, body }: FakeRequest): Promise<FakeReply> => {
    const reference = PATH.exec(path)?.[1];
    if (method !== "POST" || reference === undefined) return refusal(404, "ResourceNotFoundException", path);
    const failure = this.#failures.shift();
    if (failure !== undefined) return failure;
    const { name, qualifier = query["Qualifier"] } = nameOf(decodeURIComponent(reference));
    const type = headers["x-amz-invocation-type"] === "Event" ? "Event" : "RequestResponse";
    const context = headers["x-amz-client-context"];
    const maxBytes = type === "Event" ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES;
    if (Buffer.byteLength(body) > maxBytes) return refusal(413, "RequestTooLargeException", `${maxBytes} byte limit`);
    if ((context ?? "").length > MAX_CONTEXT_LENGTH) {
      return refusal(400, "InvalidRequestContentException", "Client context must be no more than 3583 bytes.");
    }
    const called = this.#functions[name];
    if (called === undefined) return refusal(404, "ResourceNotFoundException", `Function not found: ${reference}`);
    const clientContext: unknown =
      context === undefined ? undefined : JSON.parse(Buffer.from(context, "base64").toString());
    const invocation = { name, qualifier, type, payload: JSON.parse(body), clientContext } as const;
    this.invocations.push(invocation);
    if (type === "Event") {
      void called(invocation);
      return { status: 202, body: "" };
    }
    return replyOf(await called(invocation), headers["x-amz-log-type"] === "Tail");
  };
}

function replyOf({ payload = "null", error, log }: FakeAnswer, withTail: boolean): FakeReply {
  const tail = Buffer.from(log ?? "").subarray(-MAX_TAIL_BYTES);
  const headers = {
    "x-amz-executed-version": "$LATEST",
    ...(error !== undefined && { "x-amz-function-error": error }),
    ...(withTail && log !== undefined && { "x-amz-log-result": tail.toString("base64") }),
  };
  return { status: 200, headers, body: payload };
}

function nameOf(reference: string): { readonly name: string; readonly qualifier?: string } {
  const parts = reference.split(":");
  const index = parts.indexOf("function");
  const [name = "", qualifier] = index < 0 ? parts : parts.slice(index + 1);
  return qualifier === undefined ? { name } : { name, qualifier };
}

function refusal(status: number, error: string, message: string): FakeReply {
  const headers = { "content-type": "application/json", "x-amzn-errortype": error };
  return { status, headers, body: JSON.stringify({ Message: message }) };
}
