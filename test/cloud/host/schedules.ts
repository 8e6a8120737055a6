import { FakeScheduler } from "../../support/aws/fake-scheduler.ts";
import { type Backend, fakeBackend } from "./aws-front.ts";
import type { CloudFunction } from "./cloud-function.ts";
import type { Deployment } from "./deployment.ts";
import type { Meter } from "./meter.ts";
import type { Permissions } from "./permissions.ts";

export interface SchedulesOptions {
  readonly deployment: Deployment;
  readonly functions: ReadonlyMap<string, CloudFunction>;
  readonly permissions: Permissions;
  /** What passes for a minute of a rate. */
  readonly minuteMs: number;
  readonly meter: Meter;
}

interface Wake {
  readonly group: string;
  readonly name: string;
  readonly periodMs: number;
}

type Schedule = NonNullable<ReturnType<FakeScheduler["find"]>>;

/** EventBridge Scheduler with the schedules of the templates, which wake their functions; a `rate(…)` alone is understood. */
export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #scheduler = new FakeScheduler();
  readonly #wakes: readonly Wake[];
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #awake = new Set<string>();

  constructor(options: SchedulesOptions) {
    this.#options = options;
    this.#wakes = options.deployment.all("AWS::Scheduler::Schedule").map(({ name, properties }) => {
      const { GroupName: group = "default", ...schedule } = properties as unknown as Schedule & { GroupName?: string };
      this.#scheduler.create(group, name, schedule);
      return { group, name, periodMs: minutesOf(schedule.ScheduleExpression) * options.minuteMs };
    });
  }

  get backend(): Backend {
    return fakeBackend(this.#scheduler.handle);
  }

  /** Wakes functions from now on, each when its time has come and its schedule is on. */
  start(): void {
    for (const { group, name, periodMs } of this.#wakes) {
      const timer = setInterval(() => {
        const schedule = this.#scheduler.find(group, name);
        if (schedule === undefined || schedule.State === "DISABLED") return;
        // A minute is longer than any invocation: where it passes in a second, none is begun before the last has ended.
        if (this.#awake.has(name)) return;
        this.#awake.add(name);
        const { target, event } = this.#invocation(name, schedule, Date.now());
        void target.enqueue(event).finally(() => this.#awake.delete(name));
      }, periodMs);
      this.#timers.push(timer);
    }
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  stateOf(name: string): "ENABLED" | "DISABLED" | undefined {
    return this.#find(name).State;
  }

  /** Wakes the target of a schedule now, whatever its state; resolves when the function has answered. */
  async fire(name: string, scheduledAtMs = Date.now()): Promise<void> {
    const { target, event } = this.#invocation(name, this.#find(name), scheduledAtMs);
    await target.invoke(event);
  }

  #find(name: string): Schedule {
    const group = this.#wakes.find((wake) => wake.name === name)?.group ?? "";
    const schedule = this.#scheduler.find(group, name);
    if (schedule === undefined) throw new Error(`Cannot find schedule "${name}" in the templates`);
    return schedule;
  }

  #invocation(
    scheduleName: string,
    { Target }: Schedule,
    scheduledAtMs: number,
  ): { readonly target: CloudFunction; readonly event: unknown } {
    const { deployment, functions, permissions, meter } = this.#options;
    const { name, arn } = deployment.get("AWS::Lambda::Function", Target.Arn);
    const target = functions.get(name);
    const mayInvoke = permissions.allows(Target.RoleArn, { action: "lambda:InvokeFunction", resource: arn });
    if (target === undefined || !mayInvoke)
      throw new Error(`Cannot wake ${name}: the role of schedule "${scheduleName}" may not invoke it`);
    meter.record(
      { service: "scheduler", action: "wake-up", caller: scheduleName },
      { requests: 1, chargedRequests: 1 },
    );
    // Whole seconds, as the service writes instants.
    const instant = `${new Date(scheduledAtMs).toISOString().slice(0, 19)}Z`;
    const { Input = "{}" } = Target as { readonly Input?: string };
    const input = Input.replaceAll("<aws.scheduler.scheduled-time>", instant);
    return { target, event: JSON.parse(input) as unknown };
  }
}

function minutesOf(expression: string): number {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  const unit = { minute: 1, hour: 60, day: 1_440 }[match?.[2] ?? ""];
  if (match === null || unit === undefined)
    throw new Error(`Cannot drive the schedule expression ${expression}: only rates are known here`);
  return Number(match[1]) * unit;
}
