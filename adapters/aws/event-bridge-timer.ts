import {
  GetScheduleCommand,
  type GetScheduleOutput,
  type SchedulerClient,
  type ScheduleState,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from "@aws-sdk/client-scheduler";
import { PortError } from "../../core/ports/errors.ts";
import type { Pace, Timer } from "../../core/ports/timer.ts";
import { portError } from "./sdk-errors.ts";

export interface EventBridgeTimerOptions {
  readonly client: SchedulerClient;
  readonly groupName: string;
  /** The schedule of each minute; the one of each 15 minutes is `<scheduleName>-safety`. */
  readonly scheduleName: string;
}

const STATES: Record<Pace, { readonly minute: ScheduleState; readonly safety: ScheduleState }> = {
  steady: { minute: "ENABLED", safety: "ENABLED" },
  slow: { minute: "DISABLED", safety: "ENABLED" },
  stopped: { minute: "DISABLED", safety: "DISABLED" },
};

/** The timer on EventBridge Scheduler: two schedules, made by the stack, of which each is on or off. */
export class EventBridgeTimer implements Timer {
  readonly #client: SchedulerClient;
  readonly #groupName: string;
  readonly #scheduleName: string;
  #last: Promise<void> = Promise.resolve();

  constructor({ client, groupName, scheduleName }: EventBridgeTimerOptions) {
    this.#client = client;
    this.#groupName = groupName;
    this.#scheduleName = scheduleName;
  }

  /** Reads both schedules, and writes those whose state is another. */
  setPace(pace: Pace): Promise<void> {
    // One after the other: each reads what the one before has written, so the last one wins.
    const turn = this.#last.then(() => this.#setBoth(pace));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #setBoth(pace: Pace): Promise<void> {
    const { minute, safety } = STATES[pace];
    // Should the second write fail, the safety schedule stands as it was asked for.
    await this.#set(`${this.#scheduleName}-safety`, safety);
    await this.#set(this.#scheduleName, minute);
  }

  async #set(name: string, state: ScheduleState): Promise<void> {
    const schedule = await this.#client
      .send(new GetScheduleCommand({ GroupName: this.#groupName, Name: name }))
      .catch((error: unknown) => {
        throw portError(`Cannot read schedule "${this.#groupName}/${name}"`, error, { reading: true });
      });
    if (schedule.State === state) return;
    try {
      await this.#client.send(new UpdateScheduleCommand({ ...wholeOf(schedule), State: state }));
    } catch (error) {
      throw portError(`Cannot set schedule "${this.#groupName}/${name}" to ${state}`, error);
    }
  }
}

/** All that an update may hold: what it leaves out falls back to the service's default. */
function wholeOf(schedule: GetScheduleOutput): UpdateScheduleCommandInput {
  const { Name, ScheduleExpression, Target, FlexibleTimeWindow } = schedule;
  if (Name === undefined || ScheduleExpression === undefined || Target === undefined) {
    throw new PortError("UNAVAILABLE", `Cannot update schedule "${Name}": its name, expression or target was not told`);
  }
  const { GroupName, StartDate, EndDate, Description, ScheduleExpressionTimezone, KmsKeyArn, ActionAfterCompletion } =
    schedule;
  return {
    Name,
    GroupName,
    ScheduleExpression,
    ScheduleExpressionTimezone,
    StartDate,
    EndDate,
    Description,
    KmsKeyArn,
    Target,
    FlexibleTimeWindow: FlexibleTimeWindow ?? { Mode: "OFF" },
    ActionAfterCompletion,
  };
}
