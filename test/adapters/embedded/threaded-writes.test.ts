import { describe, expect, it } from "vitest";
import { openTemporaryStore } from "../../support/temporary-store.ts";

const key = { pk: "thread", sk: "item" };

describe("SqliteStore with a writer thread", () => {
  it("shows to every read what was written before it was asked for", async () => {
    const { table } = openTemporaryStore({ writer: "thread" });
    for (let rev = 1; rev <= 200; rev += 1) {
      await table.put(key, { rev }, "any");
      expect(await table.get(key)).toMatchObject({ rev, body: { rev } });
    }
  });

  it("keeps the order of what is asked for in one turn and in several", async () => {
    const { table } = openTemporaryStore({ writer: "thread" });
    const first = Array.from({ length: 100 }, (_, value) => table.put(key, { value }, "any"));
    await new Promise((resolve) => setImmediate(resolve));
    const second = Array.from({ length: 100 }, (_, value) => table.put(key, { value: value + 100 }, "any"));

    const results = await Promise.all([...first, ...second]);
    expect(results.map((result) => (result.ok ? result.rev : 0))).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    expect((await table.get(key))?.body).toEqual({ value: 199 });
  });

  it("settles everything that was asked for before it is closed, and refuses what comes after", async () => {
    const store = openTemporaryStore({ writer: "thread" });
    const writes = Array.from({ length: 500 }, (_, index) =>
      store.table.put({ pk: "p", sk: `${index}` }, {}, "absent"),
    );
    const closing = store.close();
    await expect(store.table.put(key, {}, "any")).rejects.toMatchObject({ code: "UNAVAILABLE" });

    expect((await Promise.all(writes)).every(({ ok }) => ok)).toBe(true);
    await closing;
  });

  it("rejects a write that the rules forbid alone", async () => {
    const { table } = openTemporaryStore({ writer: "thread" });
    const results = await Promise.allSettled([
      table.put({ pk: "p", sk: "a" }, {}, "any"),
      table.put({ pk: "", sk: "b" }, {}, "any"),
      table.put({ pk: "p", sk: "c" }, {}, "any"),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
