import { setTimeout } from "node:timers/promises";
import { jsonError, type Breakage } from "../../cloud/host/aws-front.ts";
import type { AwsAnswer } from "../../cloud/host/aws-request.ts";
import type { Cloud } from "../../cloud/host/cloud.ts";
import type { SeededRandom } from "../../support/seeded-random.ts";
import type { Draws } from "../draws.ts";
import { type AttemptContext, killChild } from "../harm/attempts.ts";
import { breakConnections, type ConnectionContext } from "../harm/connections.ts";
import { type FreezeContext, freezeOne } from "../harm/freezes.ts";
import type { HarmKind } from "../harm/plan.ts";
import { findByVariable } from "../processes.ts";

/** What harm to the AWS body is done with. */
export interface CloudHarmContext extends AttemptContext, ConnectionContext, FreezeContext {
  readonly cloud: Cloud;
  readonly draws: Draws;
}

type Harm = HarmKind<CloudHarmContext>["harm"];

/** The schedule that wakes the tick. */
const TICK = "carillon-tick";
/** Those that are cut off; the tick as often as the others together. */
const FUNCTIONS = ["tick", "tick", "settle", "api"] as const;
const BUSY_LOOK_MS = 5;
const BUSY_WAIT_MS = 3_000;

/** The machine under a worker is gone, with all that the worker has started. */
const killTask: Harm = ({ cloud, journal, counts }, random) => {
  const tasks = cloud.cluster.running();
  if (tasks.length === 0) return Promise.resolve(false);
  const task = random.pick(tasks);
  const isKilled = cloud.cluster.kill(task);
  if (isKilled) counts.add("kills.worker");
  journal.note(`SIGKILL to task ${task}`);
  return Promise.resolve(isKilled);
};

/** Ends a function while it works on an event. */
const killFunction: Harm = async ({ cloud, journal, counts, signal: end }, random) => {
  const name = random.pick(FUNCTIONS);
  const target = cloud.function(name);
  const untilMs = performance.now() + BUSY_WAIT_MS;
  while (target.busy === 0 && performance.now() < untilMs && !end.aborted) await setTimeout(BUSY_LOOK_MS);
  await setTimeout(random.between(0, 60));
  const killed = await target.killBusy();
  if (killed === 0) return false;
  counts.add("kills.function", killed);
  journal.note(`${killed} invocations of ${name} cut off`);
  return true;
};

const freezeTask: Harm = (context, random) => {
  const among = findByVariable(`AWS_ENDPOINT_URL=${context.cloud.front.url}`);
  return freezeOne(context, { kind: "worker", among, random });
};

/** Spot capacity is taken back: the worker is told to end. */
const interruptTask: Harm = ({ cloud, journal, counts }, random) => {
  const tasks = cloud.cluster.running();
  if (tasks.length === 0) return Promise.resolve(false);
  const task = random.pick(tasks);
  cloud.cluster.interrupt(task);
  counts.add("terminations.interrupted");
  journal.note(`Task ${task} is interrupted`);
  return Promise.resolve(true);
};

/** Nobody is woken for a while. */
const loseWakes: Harm = async ({ cloud, journal, counts, longestMs, signal: end }, random) => {
  const ms = random.between(1_000, longestMs);
  counts.add("outages.wake-ups lost");
  journal.note(`No wake-ups for ${ms} ms`);
  cloud.schedules.stop();
  await setTimeout(ms, undefined, { signal: end }).catch(() => undefined);
  cloud.schedules.start();
  journal.note("Wake-ups again");
  return true;
};

/** The same wake-up, and others, several times at once. */
const repeatWakes: Harm = async ({ cloud, journal, counts }, random) => {
  const times = random.between(2, 4);
  counts.add("outages.wake-ups repeated");
  journal.note(`${times} wake-ups at once`);
  const nowMs = Date.now();
  const instants = Array.from({ length: times }, () => nowMs + 1_000 * random.between(0, 2));
  await Promise.all(instants.map((atMs) => cloud.schedules.fire(TICK, atMs)));
  return true;
};

/** The services refuse, hang up, and do what they are asked without saying so. */
const troubleServices: Harm = async ({ cloud, journal, counts, draws, longestMs, signal: end }, random, name) => {
  const share = 0.05 + 0.25 * random.next();
  const ms = random.between(1_000, longestMs);
  counts.add("outages.services");
  journal.note(`Something happens to ${Math.round(share * 100)} % of requests to services for ${ms} ms`);
  let requests = 0;
  cloud.front.setFault((_, caller) => {
    requests += 1;
    const draw = draws.at(`${name} request ${requests}`);
    if (caller === "test" || draw.next() >= share) return undefined;
    const fault = faultOf(draw);
    counts.add(`requests.service ${typeof fault === "string" ? fault : "refused"}`);
    return fault;
  });
  await setTimeout(ms, undefined, { signal: end }).catch(() => undefined);
  cloud.front.setFault(undefined);
  journal.note("Services answer again");
  return true;
};

function faultOf(random: SeededRandom): AwsAnswer | Breakage {
  return random.pick([jsonError(503, "ServiceUnavailable", "Try again"), "reset", "cut"] as const);
}

/** All kinds of harm to the AWS body. */
export const CLOUD_HARMS: Readonly<Record<string, HarmKind<CloudHarmContext>>> = {
  "kill-worker": { share: 0.2, harm: killTask },
  "kill-child": { share: 0.5, harm: killChild },
  "kill-function": { share: 0.3, harm: killFunction },
  "freeze-worker": { perMinute: 4, harm: freezeTask },
  interrupt: { perMinute: 1, harm: interruptTask },
  "lose-wakes": { perMinute: 1, harm: loseWakes },
  "repeat-wakes": { perMinute: 3, harm: repeatWakes },
  services: { perMinute: 2, harm: troubleServices },
  connections: { perMinute: 2, harm: breakConnections },
};
