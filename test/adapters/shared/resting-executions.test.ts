import { describe, expect, it } from "vitest";
import { RestingExecutions } from "../../../adapters/shared/resting-executions.ts";
import { PortError, type PortErrorCode } from "../../../core/ports/errors.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const RUN = { namespace: "default", job: "etl", stamp: "20260308T030000.000Z" };
const STOPPED = { error: "Carillon.CANCELLED", cause: "enough" };

function resting(code: PortErrorCode) {
  const clock = new ManualClock(0);
  const state = { calls: 0, isAway: true };
  const stop = (): Promise<void> => {
    state.calls += 1;
    return state.isAway ? Promise.reject(new PortError(code, "no")) : Promise.resolve();
  };
  const executions = new RestingExecutions({ begin: stop, answer: stop, stop, remove: stop }, clock);
  return { clock, state, executions };
}

describe("executions that do not answer", () => {
  it.each<PortErrorCode>(["UNKNOWN_OUTCOME", "THROTTLED"])(
    "with %s are left in peace for ten seconds",
    async (code) => {
      const { clock, state, executions } = resting(code);
      await expect(executions.stop(RUN, STOPPED)).rejects.toMatchObject({ code });
      await expect(executions.stop(RUN, STOPPED)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await clock.advance(9_999);
      await expect(executions.remove(RUN)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      expect(state.calls).toBe(1);
      state.isAway = false;
      await clock.advance(1);
      await executions.stop(RUN, STOPPED);

      expect(state.calls).toBe(2);
    },
  );

  it("are asked for others when they have refused one for a reason of its own", async () => {
    const { state, executions } = resting("UNAVAILABLE");
    await expect(executions.stop(RUN, STOPPED)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    state.isAway = false;
    await executions.stop(RUN, STOPPED);

    expect(state.calls).toBe(2);
  });
});
