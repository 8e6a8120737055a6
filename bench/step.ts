import type { Figures, Order, Reply } from "./messages.ts";
import { loadPeer } from "./catalogue.ts";
import type { StepTools } from "./step-tools.ts";
import { queueJobs, work } from "./workloads/crash.ts";
import { fill } from "./workloads/fill.ts";
import { herd } from "./workloads/herd.ts";
import { precision } from "./workloads/precision.ts";
import { recurring } from "./workloads/recurring.ts";
import { throughput } from "./workloads/throughput.ts";
import { workflows } from "./workloads/workflows.ts";

const MAX_PROBLEMS = 5;

/** Carries one step out in this process and tells how it went. */
export async function runStep(order: Order, send: (reply: Reply) => Promise<void>): Promise<void> {
  const problems: string[] = [];
  const onError = (error: unknown): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(messageOf(error));
  };
  process.on("unhandledRejection", onError);
  try {
    const peer = await loadPeer(order.peer);
    const { settings, folder, redisPort, postgresUrl } = order;
    const figures = await carryOut(order, {
      peer,
      open: () => peer.open({ settings, folder, redisPort, postgresUrl, onError }),
      mark: (mark) => send({ mark, rssBytes: process.memoryUsage.rss() }),
      tooSlow: (tooSlowMs) => Promise.reject(new TooSlow(tooSlowMs)),
    });
    await send({ figures, problems });
  } catch (error) {
    if (error instanceof TooSlow) await send({ tooSlowMs: error.insertMs });
    else await send({ failure: [messageOf(error), ...problems].join("; ") });
  }
}

function carryOut({ step }: Order, tools: StepTools): Promise<Figures> {
  switch (step.kind) {
    case "throughput":
      return throughput(step, tools);
    case "precision":
      return precision(step, tools);
    case "herd":
      return herd(step, tools);
    case "fill":
      return fill(step, tools);
    case "recurring":
      return recurring(step, tools);
    case "workflows":
      return workflows(step, tools);
    case "queue":
      return queueJobs(step, tools);
    case "work":
      return work(step, tools);
  }
}

class TooSlow extends Error {
  readonly insertMs: number;

  constructor(insertMs: number) {
    super("Cannot measure: the first job was due before the last one was queued");
    this.insertMs = insertMs;
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 400);
}
