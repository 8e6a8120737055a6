import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figures, Order, Reply } from "../messages.ts";
import { foreignCores, type LoadMark, markLoad } from "./noise.ts";
import { allProcesses, familyCpuS, familyRssBytes } from "./processes.ts";

const CHILD = fileURLToPath(new URL("../child.ts", import.meta.url));
const LIMIT_MS = 300_000;

export type StepResult =
  | {
      readonly kind: "done";
      readonly figures: Figures;
      readonly problems: readonly string[];
      readonly foreignCores: number;
    }
  | { readonly kind: "tooSlow"; readonly insertMs: number }
  | { readonly kind: "failed"; readonly failure: string };

interface Snapshot extends LoadMark {
  readonly clientS: number;
  readonly serverS: number;
  readonly rssBytes: number;
}

export interface StepOptions {
  /** The server that the peer uses; its processor time and memory are counted as well. */
  readonly serverPid: number | undefined;
  readonly limitMs?: number;
}

/** Carries one step out in a fresh process, and counts what the machine does between its marks `start` and `end`. */
export async function runInProcess(order: Order, { serverPid, limitMs = LIMIT_MS }: StepOptions): Promise<StepResult> {
  const child = startStep(order);
  const marks = new Map<string, Snapshot>();
  const from = markLoad();
  let last: Reply | undefined;
  child.on("message", (reply: Reply) => {
    if ("mark" in reply) marks.set(reply.mark, snapshot(child, { serverPid, rssBytes: reply.rssBytes }));
    else last = reply;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const ending = await new Promise<string>((resolve) =>
    child.on("exit", (code, signal) => resolve(signal ?? `code ${code}`)),
  );
  clearTimeout(timer);
  if (last !== undefined && "tooSlowMs" in last) return { kind: "tooSlow", insertMs: last.tooSlowMs };
  if (last !== undefined && "failure" in last) return { kind: "failed", failure: last.failure };
  if (last === undefined || !("figures" in last))
    return { kind: "failed", failure: `its process ended with ${ending}` };
  const [start, end] = [marks.get("start"), marks.get("end")];
  if (start === undefined || end === undefined) {
    return {
      kind: "done",
      figures: last.figures,
      problems: last.problems,
      foreignCores: foreignCores(from, markLoad()),
    };
  }
  return {
    kind: "done",
    figures: { ...last.figures, ...usage(start, end) },
    problems: last.problems,
    foreignCores: foreignCores(start, end),
  };
}

export function startStep(order: Order): ChildProcess {
  return fork(CHILD, [JSON.stringify(order)], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: ["--no-warnings"],
  });
}

function snapshot(
  child: ChildProcess,
  { serverPid, rssBytes }: { serverPid: number | undefined; rssBytes: number },
): Snapshot {
  const processes = allProcesses();
  const hasServer = serverPid !== undefined;
  return {
    ...markLoad(),
    clientS: familyCpuS(child.pid ?? 0, processes),
    serverS: hasServer ? familyCpuS(serverPid, processes) : 0,
    rssBytes: rssBytes + (hasServer ? familyRssBytes(serverPid, processes) : 0),
  };
}

function usage(start: Snapshot, end: Snapshot): Figures {
  const [clientCpuS, serverCpuS] = [end.clientS - start.clientS, end.serverS - start.serverS];
  return {
    clientCpuS,
    serverCpuS,
    cpuS: clientCpuS + serverCpuS,
    spanS: (end.atMs - start.atMs) / 1_000,
    rssMb: Math.round(end.rssBytes / 2 ** 20),
  };
}
