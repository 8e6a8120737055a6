import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BODIES, type Body } from "../support/both-bodies.ts";
import { eventually } from "../support/eventually.ts";
import { NAMESPACE } from "./body-tools.ts";

const NORMAL = { pool: "default", priority: "normal" } as const;
/** In one go. How many a message bears differs between the bodies. */
const READERS = 25;

describe.each(BODIES)("poison on the $name body", ({ start }) => {
  let body: Body;

  beforeAll(async () => {
    body = await start({ isAsleep: true });
  });

  afterAll(async () => {
    await body.stop();
  });

  it("becomes a dead letter that people can look at and bring back", async () => {
    const text = "no message of ours";
    await body.queue.send("default.normal", [{ body: text, group: NAMESPACE, delayMs: 0 }]);

    // Readers that take it and fail, one after the other, until it is given to none.
    await eventually(async () => {
      for (let reader = 0; reader < READERS; reader += 1)
        await body.queue.receive("default.normal", { max: 1, waitMs: 0, visibilityMs: 0 });
      const { deadLetters } = await body.queue.depth("default.normal");
      return deadLetters > 0 ? true : undefined;
    });

    expect(await body.client.pools.deadLetters(NORMAL)).toMatchObject([{ body: text, namespace: NAMESPACE }]);
    expect(await body.client.pools.redrive(NORMAL)).toEqual({ redriven: 1 });
    const [normal] = (await body.client.pools.queues("default")).filter(({ priority }) => priority === "normal");
    expect(normal?.deadLetters).toBe(0);
    // A worker may have been woken for it, and have it in hand.
    expect((normal?.visible ?? 0) + (normal?.inFlight ?? 0)).toBe(1);
  });
});
