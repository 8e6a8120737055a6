import { describe, expect, it } from "vitest";
import { Draws } from "../draws.ts";
import { Journal } from "../journal.ts";
import { doHarm, type HarmKind, type PlanContext, planHarm } from "./plan.ts";
import { HarmTally } from "./tally.ts";

interface Stage extends PlanContext {
  /** Ends the round. */
  readonly end: () => void;
}

type Harm = HarmKind<Stage>["harm"];

/** How many of the one kind are planned. */
const SOME = 3;
/** More calls than those planned make for as long as they have to try. */
const MANY = 500;

describe("doHarm()", () => {
  it("counts what was done, and finds nothing wrong with it", async () => {
    const { tally } = await play({ harm: () => Promise.resolve(true) });

    expect(tally.report()).toEqual({ some: { done: SOME } });
    expect(tally.undone()).toEqual([]);
  });

  it("counts harm that throws, and does not let a kind pass that always does", async () => {
    const { tally, journal } = await play({ harm: () => Promise.reject(new Error("no such program")) });

    expect(tally.report()).toEqual({ some: { done: 0, failed: SOME } });
    expect(tally.undone()).toMatchObject([{ kind: "undone", text: told(/^some .*failed 3 .*no such program/) }]);
    expect(journal.lines()[0]).toContain("no such program");
  });

  it("lets a kind pass of which some was done", async () => {
    let calls = 0;
    const harm: Harm = () => {
      calls += 1;
      return calls === 2 ? Promise.resolve(true) : Promise.reject(new Error("busy"));
    };
    const { tally } = await play({ harm });

    expect(tally.report()).toEqual({ some: { done: 1, failed: SOME - 1 } });
    expect(tally.undone()).toEqual([]);
  });

  it("does not let a kind pass that finds nothing to be done to for long", async () => {
    const { tally } = await play({ harm: noneUntil(MANY) });

    expect(tally.report()).toEqual({ some: { done: 0, withoutTarget: SOME } });
    expect(tally.undone()).toMatchObject([{ kind: "undone", text: told(/withoutTarget 3/) }]);
  });

  it("goes on looking for a target until something of the kind was done", async () => {
    let calls = 0;
    const harm: Harm = () => {
      calls += 1;
      return Promise.resolve(calls > MANY);
    };
    const { tally } = await play({ harm });

    expect(tally.isDone("some")).toBe(true);
    expect(tally.undone()).toEqual([]);
  });

  it("excuses a kind that the end of the round gave no chance", async () => {
    const { tally } = await play({ harm: noneUntil(2) });

    expect(tally.report()).toEqual({ some: { done: 0, cutShort: SOME } });
    expect(tally.undone()).toEqual([]);
  });

  it("does what is to be done otherwise, which is not the kind itself", async () => {
    const { tally } = await play({ harm: () => Promise.resolve(false), otherwise: () => Promise.resolve(true) });

    expect(tally.report()).toEqual({ some: { done: 0, replaced: SOME } });
    expect(tally.undone()).toMatchObject([{ kind: "undone", text: told(/replaced 3/) }]);
  });
});

/** Finds no target, and ends the round with its last call. */
function noneUntil(lastCall: number): Harm {
  let calls = 0;
  return ({ end }) => {
    calls += 1;
    if (calls === lastCall) end();
    return Promise.resolve(false);
  };
}

async function play(
  some: Pick<HarmKind<Stage>, "harm" | "otherwise">,
): Promise<{ tally: HarmTally; journal: Journal }> {
  const ended = new AbortController();
  const journal = new Journal(Date.now);
  const draws = new Draws(1);
  const tally = new HarmTally();
  const kinds = { some: { ...some, perMinute: SOME * 1_000 } };
  const context = { journal, signal: ended.signal, end: () => ended.abort() };
  const plan = planHarm(draws, kinds, { minutes: 0.001, kills: 0, only: [] });
  await doHarm(plan, kinds, { context, draws, tally, tryAgainMs: 1 });
  return { tally, journal };
}

function told(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string;
}
