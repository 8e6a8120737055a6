import type { JobDefinition } from "../../api/contract/job-definition.ts";
import { SCRIPT_BEGIN, SCRIPT_DONE } from "./effects.ts";

/** Bodies of commands, between the two lines of their effects. */
const SCRIPTS = {
  quick: ":",
  short: "sleep 0.2",
  slow: "sleep 1.4",
  long: "sleep 6",
  /** Every second attempt fails. */
  flaky: `[ $((CARILLON_ATTEMPT % 2)) -eq 0 ] || exit 3`,
  /** The first attempt hangs and can be ended by nothing but SIGKILL. */
  stubborn: `if [ "$CARILLON_ATTEMPT" -eq 1 ]; then trap '' TERM; sleep 600; exit 1; fi`,
} as const;

type ScriptName = keyof typeof SCRIPTS;

/** A job of the workload. Slots are those of `everyS`: seconds of the epoch that it divides. */
export interface WorkloadJob {
  readonly name: string;
  /** Seconds between two slots, a divisor of 60; absent: none but manual runs. */
  readonly everyS?: number;
  readonly executor: ScriptName | "touch" | "linger";
  readonly rest?: Partial<JobDefinition>;
}

const RETRY = { maxAttempts: 6, backoff: { initial: "200ms", max: "1s", jitter: "none" } } as const;

/** The jobs that a round begins with. */
export const JOBS: readonly WorkloadJob[] = [
  { name: "tick", everyS: 1, executor: "touch", rest: { overlap: "allow" } },
  { name: "tick-all", everyS: 2, executor: "touch", rest: { overlap: "allow", misfire: { policy: "all", limit: 20 } } },
  { name: "tick-none", everyS: 2, executor: "touch", rest: { overlap: "allow", misfire: { policy: "none" } } },
  { name: "command", everyS: 2, executor: "short", rest: { overlap: "allow" } },
  { name: "exclusive", everyS: 1, executor: "slow", rest: { overlap: "skip" } },
  { name: "line", everyS: 3, executor: "slow", rest: { overlap: "queueAll" } },
  { name: "linger", everyS: 3, executor: "linger", rest: { overlap: "skip" } },
  { name: "long", everyS: 5, executor: "long", rest: { overlap: "allow" } },
  { name: "flaky", everyS: 3, executor: "flaky", rest: { overlap: "allow", retry: RETRY } },
  {
    name: "stubborn",
    everyS: 10,
    executor: "stubborn",
    rest: { overlap: "allow", retry: RETRY, timeouts: { run: "2s", grace: "500ms" } },
  },
];

/** Jobs that operators change all the time. */
export const CHANGED_JOBS: readonly WorkloadJob[] = [
  { name: "changed-a", everyS: 1, executor: "quick", rest: { overlap: "allow" } },
  { name: "changed-b", everyS: 2, executor: "short", rest: { overlap: "skip" } },
  { name: "changed-c", everyS: 3, executor: "touch", rest: { overlap: "allow", misfire: { policy: "all" } } },
];

/** Jobs that run when they are asked to. */
export const MANUAL_JOBS: readonly WorkloadJob[] = [
  { name: "manual", executor: "short", rest: { overlap: "allow" } },
  { name: "manual-slow", executor: "long", rest: { overlap: "allow", timeouts: { grace: "1s" } } },
  { name: "manual-touch", executor: "touch", rest: { overlap: "allow" } },
];

const LOAD = "load-";

/** Jobs that are due every second, and leave their marks for next to nothing. */
export function loadJobs(count: number): readonly WorkloadJob[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${LOAD}${index + 1}`,
    everyS: 1,
    executor: "touch",
    rest: { overlap: "allow" },
  }));
}

export function isOfLoad(job: string): boolean {
  return job.startsWith(LOAD);
}

export function definitionOf({ name, everyS, executor, rest }: WorkloadJob, effectsPath: string): JobDefinition {
  return {
    name,
    ...(everyS === undefined ? {} : { schedule: { cron: cronOf(everyS) } }),
    executor: executorOf(executor, effectsPath),
    // Handlers find the ledger in their parameters, commands in their environment.
    parameters: { effects: effectsPath },
    ...rest,
  };
}

/** The same job without a schedule: nothing more of it becomes due. */
export function withoutSchedule(definition: JobDefinition): JobDefinition {
  const { schedule: _, ...rest } = definition;
  return rest;
}

export function cronOf(everyS: number): string {
  return `*/${everyS} * * * * *`;
}

function executorOf(name: WorkloadJob["executor"], effectsPath: string): JobDefinition["executor"] {
  if (name === "touch" || name === "linger") return { type: "handler", module: `${name}.ts`, inline: true };
  const script = [SCRIPT_BEGIN, SCRIPTS[name], SCRIPT_DONE].join("\n");
  return { type: "command", shell: true, script, environment: { EFFECTS: effectsPath } };
}
