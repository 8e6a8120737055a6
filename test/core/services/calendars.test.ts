import { describe, expect, it } from "vitest";
import type { Core } from "../../../core/services/core.ts";
import { publishCalendar } from "../../../core/services/publish-calendar.ts";
import { keys } from "../../../core/store/keys.ts";
import { NAMESPACE, World } from "../../support/world.ts";

describe("publishers of one calendar at the same time", () => {
  it("leave jobs that compile the edition that the calendar shows", async () => {
    const world = await aWorldWithTheCalendar();
    // Both have read the calendar and written their edition before either makes its own the newest.
    const [first, second] = [world.process().core, world.process().core];
    const outcomes = await Promise.allSettled([publish(first, "2026-02-02"), publish(second, "2026-02-03")]);

    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "version-conflict" },
    });
    await expectTheJobToUseTheNewest(world);
  });

  it("do not move jobs back to an older edition, however slow one of them is", async () => {
    const world = await aWorldWithTheCalendar();
    const slow = world.process().core;
    const committed = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const commit = slow.jobs.commitCalendar.bind(slow.jobs);
    slow.jobs.commitCalendar = async (...edition) => {
      const result = await commit(...edition);
      committed.resolve(undefined);
      await gate.promise;
      return result;
    };
    const publishing = publish(slow, "2026-02-02");
    await committed.promise;
    await publish(world.core, "2026-02-03");
    gate.resolve(undefined);

    expect((await publishing).movedJobs).toEqual([]);
    await expectTheJobToUseTheNewest(world);
    expect((await world.core.jobs.findCalendar(NAMESPACE, "c"))?.edition.definition.exclude).toEqual(["2026-02-03"]);
  });
});

async function aWorldWithTheCalendar(): Promise<World> {
  const world = new World();
  await publish(world.core, "2026-02-01");
  await world.define({ name: "a", schedule: { cron: "* * * * *", calendars: ["c"] } });
  await world.clock.advance(1_000);
  return world;
}

function publish(core: Core, excluded: string) {
  return publishCalendar(core, NAMESPACE, { name: "c", exclude: [excluded] }, {});
}

/** As a process sees it that has nothing in memory. */
async function expectTheJobToUseTheNewest(world: World): Promise<void> {
  const { core } = world.process();
  const newest = (await core.jobs.findCalendar(NAMESPACE, "c"))?.edition;
  const job = (await core.jobs.find(NAMESPACE, "a"))?.compiled;
  expect(job?.version.calendars).toEqual({ c: newest?.edition });
  const compiled = await world.table.get(keys.calendarEdition(NAMESPACE, "c", newest?.edition ?? 0));
  expect(compiled?.body).toEqual(newest);
}
