import { problem, PROBLEM_MEDIA_TYPE } from "../../../api/contract/problem.ts";
import type { ErrorCode } from "../../../api/contract/error-codes.ts";
import type { FieldError } from "../../../api/contract/problem.ts";
import type { Io } from "../../../client/cli/io.ts";
import { main } from "../../../client/cli/main.ts";
import type { FetchInit, FetchLike } from "../../../client/sdk/fetch-like.ts";

/** The world that a test gives the command. */
export interface World {
  readonly fetch?: FetchLike;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  readonly isTty?: boolean;
  readonly timeZone?: string;
  readonly nowMs?: number;
  /** Called in place of waiting. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const NOW_MS = Date.parse("2026-03-08T12:00:00Z");

/** Runs the command in this process; by default as a token holder, with no server to be reached. */
export async function runCli(argv: readonly string[], world: World = {}): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const exitCode = await main(
    argv,
    ioOf(world, (name, text) => void (written[name] += text)),
  );
  return { exitCode, ...written };
}

/** What the command sees of a world. */
export function ioOf(world: World, write: (name: "stdout" | "stderr", text: string) => void): Io {
  const { isTty = false } = world;
  return {
    stdout: { write: (text) => write("stdout", text), isTty },
    stderr: { write: (text) => write("stderr", text), isTty },
    readStdin: async (maxBytes) => new TextEncoder().encode(world.stdin ?? "").slice(0, maxBytes + 1),
    env: world.env ?? { CARILLON_TOKEN: "t-1", CARILLON_URL: "http://127.0.0.1:4680" },
    cwd: world.cwd ?? "/nowhere",
    timeZone: world.timeZone ?? "UTC",
    fetch: world.fetch ?? unreachable,
    nowMs: () => world.nowMs ?? NOW_MS,
    sleep: world.sleep ?? (async () => undefined),
  };
}

/** A request that the command made. */
export interface Sent extends FetchInit {
  readonly url: string;
}

export interface Script {
  readonly fetch: FetchLike;
  readonly sent: Sent[];
}

/** A server that knows its answers beforehand, by method and path; the query does not matter. */
export function scripted(answers: Readonly<Record<string, Response | (() => Response)>>): Script {
  const sent: Sent[] = [];
  const fetch: FetchLike = (url, init) => {
    sent.push({ ...init, url });
    const answer = answers[`${init.method} ${new URL(url).pathname}`];
    return typeof answer === "function" ? answer() : (answer?.clone() ?? refused("not-found", "Cannot find it"));
  };
  return { fetch, sent };
}

export function answered(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function refused(
  code: ErrorCode,
  detail: string,
  errors?: readonly (FieldError & { readonly position?: number })[],
): Response {
  const document = problem(code, detail, errors === undefined ? {} : { errors });
  return Response.json(document, { status: document.status, headers: { "content-type": PROBLEM_MEDIA_TYPE } });
}

function unreachable(): never {
  throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
}
