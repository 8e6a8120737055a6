import { describe, expect, it } from "vitest";
import type { Fleet } from "../../core/ports/fleet.ts";
import { eventually } from "../support/eventually.ts";

/** @param open - an empty fleet; it is closed after each test by whoever opened it */
export function fleetConformance(name: string, open: () => Promise<Fleet>): void {
  describe(`${name} fleet`, () => {
    it("resize() brings as many workers as asked for, and list() tells of them", async () => {
      const fleet = await open();
      await fleet.resize("default", 2);

      const members = await eventually(async () => {
        const all = await fleet.list();
        return all.length === 2 && all.every(({ state }) => state === "running") ? all : undefined;
      });
      expect(new Set(members.map(({ workerId }) => workerId)).size).toBe(2);
      expect(members.every(({ pool }) => pool === "default")).toBe(true);
    });

    it("resize() to fewer drains the surplus, and to none empties the pool", async () => {
      const fleet = await open();
      await fleet.resize("default", 2);
      await eventually(async () => ((await fleet.list()).every(({ state }) => state === "running") ? true : undefined));

      await fleet.resize("default", 1);
      await eventually(async () => ((await fleet.list()).length === 1 ? true : undefined));
      await fleet.resize("default", 0);
      await eventually(async () => ((await fleet.list()).length === 0 ? true : undefined));
    });

    it("resize() keeps pools apart", async () => {
      const fleet = await open();
      await fleet.resize("small", 1);
      await fleet.resize("large", 1);
      await fleet.resize("small", 0);

      await eventually(async () => ((await fleet.list()).every(({ pool }) => pool === "large") ? true : undefined));
    });

    it("stop() of an idle worker says that it was drained, and the pool is filled up again", async () => {
      const fleet = await open();
      await fleet.resize("default", 1);
      const first = await eventually(async () => (await fleet.list()).find(({ state }) => state === "running"));

      expect(await fleet.stop(first.workerId, { graceMs: 20_000 })).toEqual({ stopped: true, how: "drained" });
      await eventually(async () => (await fleet.list()).find(({ workerId }) => workerId !== first.workerId));
    });

    it("stop() of an unknown worker says that there is none", async () => {
      const fleet = await open();
      expect(await fleet.stop("nobody", { graceMs: 0 })).toEqual({ stopped: true, how: "absent" });
    });
  });
}
