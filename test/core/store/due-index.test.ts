import { describe, expect, it } from "vitest";
import { DueIndex, type JobEntry } from "../../../core/store/due-index.ts";
import { MemoryTable } from "../../support/memory-table.ts";

const WALK: JobEntry = {
  kind: "job",
  namespace: "n",
  job: "a",
  version: 1,
  visitAtMs: 5_000,
  cursorMs: 100,
  settledMs: 90,
  looks: 0,
  armedAtMs: 10,
};

function createIndex() {
  const table = new MemoryTable();
  const due = new DueIndex(table, { shards: 1, rest: () => Promise.resolve() });
  const entries = (): JobEntry[] => table.dump("due#").map(({ body }) => body as JobEntry);
  return { due, entries, table };
}

describe("two walks that come to the same visit", () => {
  const visited = { ...WALK, visitAtMs: 1_000 };
  const gaveUp = [
    { fromMs: 10, toMs: 30 },
    { fromMs: 50, toMs: 60 },
    { fromMs: 80, toMs: 140 },
  ];

  it("become one, that gives up what both have given up and settles all that either has not", async () => {
    const { due, entries } = createIndex();
    await due.move([{ done: visited, next: [{ ...WALK, settledMs: 20, gaveUp: [{ fromMs: 25, toMs: 55 }] }] }]);
    await due.move([{ done: visited, next: [{ ...WALK, cursorMs: 150, settledMs: 145, looks: 2, gaveUp }] }]);

    const joint = [
      { fromMs: 25, toMs: 30 },
      { fromMs: 50, toMs: 55 },
      { fromMs: 101, toMs: 140 },
    ];
    expect(entries()).toEqual([{ ...WALK, cursorMs: 150, settledMs: 20, gaveUp: joint }]);
  });

  it("become one before they are written when they come in one move, as they do one after the other", async () => {
    const walks = Array.from({ length: 40 }, (_, index) => ({
      ...WALK,
      cursorMs: 100 + index,
      settledMs: 90 - index,
      gaveUp: [{ fromMs: 10 + index, toMs: 60 + index }],
    }));
    const together = createIndex();
    let commits = 0;
    together.table.onCommit(() => (commits += 1));
    await together.due.move(walks.map((walk, index) => ({ done: { ...visited, visitAtMs: index }, next: [walk] })));
    const byTurns = createIndex();
    for (const walk of walks) await byTurns.due.move([{ done: visited, next: [walk] }]);

    expect(together.entries()).toEqual(byTurns.entries());
    expect(together.entries()).toHaveLength(1);
    expect(commits).toBe(1);
  });

  it("become one in whichever order they come", async () => {
    const behind = { ...WALK, settledMs: 20, gaveUp: [{ fromMs: 25, toMs: 55 }] };
    const ahead = { ...WALK, cursorMs: 150, settledMs: 145, gaveUp };
    const outcomes = [];
    for (const order of [
      [behind, ahead],
      [ahead, behind],
    ]) {
      const { due, entries } = createIndex();
      for (const next of order) await due.move([{ done: visited, next: [next] }]);
      outcomes.push(entries());
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
  });

  it("leave the one that has given up nothing to look for everything", async () => {
    const { due, entries } = createIndex();
    await due.move([{ done: visited, next: [WALK] }]);
    await due.move([{ done: visited, next: [{ ...WALK, settledMs: 95, gaveUp: [{ fromMs: 50, toMs: 60 }] }] }]);

    expect(entries()).toEqual([{ ...WALK, gaveUp: [] }]);
  });

  it("keep what the farther one has dispatched when the other was put off to the same instant", async () => {
    const { due, entries } = createIndex();
    const behind = { ...WALK, cursorMs: 40, settledMs: 40 };
    await due.move([{ done: { ...WALK, visitAtMs: 1_000, gaveUp }, next: [{ ...WALK, gaveUp }] }]);
    await due.move([{ done: { ...behind, visitAtMs: 900 }, next: [behind] }]);

    expect(entries()).toMatchObject([{ cursorMs: 100, settledMs: 40 }]);
  });

  it("leave an entry in its place that is to be visited again at the same instant", async () => {
    const { due, entries } = createIndex();
    await due.arm(WALK);
    await due.move([{ done: WALK, next: [{ ...WALK, looks: 1 }] }]);

    expect(entries()).toMatchObject([{ cursorMs: 100, visitAtMs: 5_000 }]);
  });
});
