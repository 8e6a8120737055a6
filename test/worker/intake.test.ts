import { afterEach, describe, expect, it } from "vitest";
import { OK } from "../support/fake-executor.ts";
import { advance, aWorker, endStages, trigger } from "./stage.ts";

afterEach(endStages);

describe("a worker that is full", () => {
  it("leaves messages of other classes to other workers, and takes them when it has room again", async () => {
    const { world, executor } = await aWorker({ slots: 1 });
    await trigger(world, [{ priority: "normal" }]);
    await world.clock.advance(500);
    expect(executor.attempts).toHaveLength(1);
    await trigger(world, [{ priority: "high" }]);
    await world.clock.advance(1_000);
    expect(await world.queue.depth("default.high")).toMatchObject({ visible: 1, inFlight: 0 });
    executor.attempts[0]?.end(OK);
    await world.clock.advance(0);

    expect(executor.attempts).toHaveLength(2);
  });

  it("has room again when it has put a duplicate off", async () => {
    const { world, executor } = await aWorker({ slots: 2 });
    world.queue.fate = () => "double";
    await trigger(world, [{}]);
    await advance(world, 2_500);
    world.queue.fate = () => "keep";
    await trigger(world, [{}]);
    await world.clock.advance(500);

    expect(executor.attempts).toHaveLength(2);
  });
});
