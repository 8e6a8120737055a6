import { describe, expect, it } from "vitest";
import { Authenticator } from "../../api/access/authenticator.ts";
import { TokenStore } from "../../core/store/token-store.ts";
import { adminHandler } from "../../functions/admin/admin.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { CountingIds } from "../support/seeded-random.ts";
import { MemoryLog } from "./lambda.ts";

function openAdmin() {
  const core = { table: new MemoryTable(), clock: new ManualClock(), ids: new CountingIds() };
  const log = new MemoryLog();
  return { core, log, handler: adminHandler({ core, log }) };
}

describe("the admin function", () => {
  it("makes an admin token, shown once", async () => {
    const { core, log, handler } = openAdmin();

    const { token } = await handler({ newAdminToken: { name: "ana" } });

    const tokens = new TokenStore(core.table);
    expect(await new Authenticator(tokens, core.clock).authenticate(`Bearer ${token}`)).toMatchObject({
      name: "ana",
      role: "admin",
    });
    expect(log.lines).toMatchObject([{ event: "admin token made", fields: { name: "ana" } }]);
    expect(log.text + JSON.stringify(core.table.dump(""))).not.toContain(token);
  });

  it("makes another one for the same event, as two who ask need two", async () => {
    const { core, handler } = openAdmin();
    const event = { newAdminToken: { name: "ana" } };

    const [first, second] = [await handler(event), await handler(event)];

    expect(first.token).not.toBe(second.token);
    expect(await new TokenStore(core.table).list()).toHaveLength(2);
  });

  it.each([
    [undefined, 'the event must be an object { "newAdminToken" }; got nothing'],
    [{}, 'newAdminToken must be an object { "name" }; got nothing'],
    [{ newAdminToken: "ana" }, 'newAdminToken must be an object { "name" }; got "ana"'],
    [{ newAdminToken: { name: "ana" }, force: true }, 'the event has an unknown field "force"'],
    [{ newAdminToken: { name: "ana", role: "viewer" } }, 'newAdminToken has an unknown field "role"'],
    [{ newAdminToken: {} }, "newAdminToken.name must be lower-case letters and digits"],
    [{ newAdminToken: { name: "Ana Maria" } }, 'got "Ana Maria"'],
    [{ newAdminToken: { name: "a".repeat(129) } }, "at most 128"],
  ])("refuses %j", async (event, message) => {
    const { core, handler } = openAdmin();

    await expect(handler(event)).rejects.toThrow(message);
    expect(core.table.dump("")).toEqual([]);
  });
});
