import type { JobDefinition } from "../../../core/job/definition.ts";
import type { StepDefinition } from "../../../core/workflow/definition.ts";
import type { KeyedDraws } from "../kernel/keyed-draws.ts";

const RULES = ["allSucceeded", "allEnded", "anySucceeded", "anyFailed", "noneFailed", "always"] as const;
const MOST_STEPS = 6;

/** A job whose runs have steps: a graph of all kinds of them, small enough to end soon. */
export function drawWorkflowJob(
  draws: KeyedDraws,
  { name, schedule, overlap }: Pick<JobDefinition, "name" | "schedule" | "overlap">,
): JobDefinition {
  const steps: Record<string, StepDefinition> = {};
  const names = Array.from({ length: draws.between(1, MOST_STEPS, "steps") }, (_, index) => `s${index + 1}`);
  for (const [index, step] of names.entries()) {
    const choosing = names.slice(0, index).filter((other) => steps[other]?.switch !== undefined);
    steps[step] = drawStep(draws.part(step), { before: names.slice(0, index), choosing });
  }
  letThemChoose(draws, steps);
  const phase = (what: string) => ({ steps: { [what]: drawTask(draws.part(what)) } });
  return {
    name,
    ...(schedule === undefined ? {} : { schedule }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(draws.isIn(0.2, "has run time-out") ? { timeouts: { run: `${draws.between(20, 120, "run time-out")}s` } } : {}),
    executor: {
      type: "workflow",
      steps,
      ...(draws.isIn(0.3, "has onError") ? { onError: phase("undo") } : {}),
      ...(draws.isIn(0.3, "has finally") ? { finally: phase("clean") } : {}),
    },
  };
}

function drawStep(
  draws: KeyedDraws,
  { before, choosing }: { readonly before: readonly string[]; readonly choosing: readonly string[] },
): StepDefinition {
  const needs = before.filter((other) => draws.isIn(choosing.includes(other) ? 0.7 : 0.45, `needs ${other}`));
  const rule = draws.isIn(0.6, "plain rule") ? undefined : draws.pick(RULES, "rule");
  const common = {
    ...(needs.length > 0 && { needs }),
    ...(rule !== undefined && (rule !== "anyFailed" || needs.length > 0) && { rule }),
  };
  const kind = draws.draw("kind");
  if (kind < 0.1) return { ...common, wait: { for: `${draws.between(1, 40, "wait")}s` } };
  if (kind < 0.2) return { ...common, switch: { cases: [{ when: "parameters.size() > 0", choose: [] }] } };
  const allowFailure = draws.isIn(0.15, "may fail");
  const more = { ...common, ...(allowFailure && { allowFailure }) };
  const map = draws.isIn(0.25, "is a map") ? { map: drawMap(draws) } : {};
  if (kind < 0.3) return { ...more, ...map, workflow: { job: "job-1" } };
  return { ...more, ...map, ...drawTask(draws) };
}

function drawTask(draws: KeyedDraws): StepDefinition {
  return {
    executor: { type: "command", argv: ["true"] },
    timeouts: { run: `${draws.between(5, 20, "run time-out")}s`, grace: `${draws.between(0, 3, "grace")}s` },
    ...(draws.isIn(0.4, "has retry")
      ? {
          retry: {
            maxAttempts: 2,
            backoff: { initial: `${draws.between(0, 5, "backoff")}s`, max: "30s", jitter: "none" },
          },
        }
      : {}),
  };
}

function drawMap(draws: KeyedDraws): NonNullable<StepDefinition["map"]> {
  const items = Array.from({ length: draws.between(0, 7, "items") }, (_, index) => index);
  return {
    over: JSON.stringify(items),
    concurrency: draws.between(1, 4, "items at a time"),
    ...(draws.isIn(0.4, "tolerates") ? { tolerate: draws.between(0, 3, "tolerate") } : {}),
  };
}

/** Each switch chooses among the steps that need it. */
function letThemChoose(draws: KeyedDraws, steps: Record<string, StepDefinition>): void {
  for (const [name, step] of Object.entries(steps)) {
    if (step.switch === undefined) continue;
    const needing = Object.keys(steps).filter((other) => steps[other]?.needs?.includes(name));
    const choose = needing.filter((other) => draws.isIn(0.6, `${name} chooses ${other}`));
    const rest = needing.filter((other) => !choose.includes(other));
    steps[name] = { ...step, switch: { cases: [{ when: "parameters.size() > 0", choose }], default: rest } };
  }
}
