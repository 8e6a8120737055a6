import { describe, expect, it } from "vitest";
import { TRIGGER_RULES, type TriggerRule } from "../../../core/workflow/definition.ts";
import { decideRule } from "../../../core/workflow/rule.ts";
import type { StepState } from "../../../core/workflow/step-state.ts";
import { WorkflowRun } from "../../support/workflow-run.ts";
import { aPlan } from "../../support/workflows.ts";

const RULES = ["allSucceeded", "allEnded", "anySucceeded", "anyFailed", "noneFailed", "always"] as const;

/**
 * What becomes of a step, by how its needs stand: S succeeded, K skipped, F failed, - not ended. The columns are those of
 * `RULES`: run, skip, block, or wait as `.`
 */
const TRUTH = `
  S    run   run  run   skip  run   run
  K    skip  run  skip  skip  run   run
  F    block run  block run   block run
  -    .     .    .     .     .     .
  SS   run   run  run   skip  run   run
  SK   skip  run  run   skip  run   run
  SF   block run  run   run   block run
  S-   .     .    run   .     .     .
  KK   skip  run  skip  skip  run   run
  KF   block run  block run   block run
  K-   .     .    .     .     .     .
  FF   block run  block run   block run
  F-   block .    .     run   block .
  --   .     .    .     .     .     .
  SSS  run   run  run   skip  run   run
  SSK  skip  run  run   skip  run   run
  SSF  block run  run   run   block run
  SS-  .     .    run   .     .     .
  SKK  skip  run  run   skip  run   run
  SKF  block run  run   run   block run
  SK-  .     .    run   .     .     .
  SFF  block run  run   run   block run
  SF-  block .    run   run   block .
  S--  .     .    run   .     .     .
  KKK  skip  run  skip  skip  run   run
  KKF  block run  block run   block run
  KK-  .     .    .     .     .     .
  KFF  block run  block run   block run
  KF-  block .    .     run   block .
  K--  .     .    .     .     .     .
  FFF  block run  block run   block run
  FF-  block .    .     run   block .
  F--  block .    .     run   block .
  ---  .     .    .     .     .     .
`;

interface Row {
  readonly needs: string;
  readonly rule: TriggerRule;
  readonly verdict: string;
}

const ROWS: readonly Row[] = TRUTH.trim()
  .split("\n")
  .flatMap((line) => {
    const [needs = "", ...verdicts] = line.trim().split(/\s+/);
    return RULES.map((rule, column) => ({ needs, rule, verdict: verdicts[column]?.replace(".", "wait") ?? "" }));
  });

const STATES: Readonly<Record<string, StepState>> = {
  S: { status: "succeeded" },
  K: { status: "skipped" },
  F: { status: "failed" },
  "-": { status: "open" },
};

describe("trigger rules", () => {
  it("have a row for each way in which one to three needs can stand", () => {
    expect(new Set(RULES)).toEqual(new Set(TRIGGER_RULES));
    // Multisets of 1, 2 and 3 out of 4.
    expect(new Set(ROWS.map(({ needs }) => needs)).size).toBe(4 + 10 + 20);
    expect(ROWS).toHaveLength(34 * RULES.length);
  });

  it.each(ROWS)("$rule with needs $needs: $verdict", ({ needs, rule, verdict }) => {
    expect(decideRule(rule, tallyOf(needs))).toBe(verdict);
  });

  it.each(ROWS)("$rule with needs $needs becomes $verdict of the step, in any order of the needs", (row) => {
    const verdicts = [...new Set(permutations(row.needs.split("")))].map((needs) => verdictOfStep({ ...row, needs }));

    expect(new Set(verdicts)).toEqual(new Set([row.verdict]));
  });

  it("hold once they have decided, whatever the pending needs come to", () => {
    for (const { needs, rule, verdict } of ROWS) {
      if (verdict === "wait" || !needs.includes("-")) continue;
      for (const end of ["S", "K", "F"]) {
        expect(decideRule(rule, tallyOf(needs.replace("-", end))), `${rule} ${needs} ${end}`).toBe(verdict);
      }
    }
  });

  it.each(RULES.filter((rule) => rule !== "anyFailed"))("%s lets a step without needs run", (rule) => {
    expect(decideRule(rule, tallyOf(""))).toBe("run");
  });

  it("take a need that is blocked as failed, and one whose failure is allowed as succeeded", () => {
    const plan = aPlan({
      a: {},
      b: { needs: ["a"] },
      "after-blocked": { needs: ["b"], rule: "anyFailed" },
      c: { allowFailure: true },
      "after-allowed": { needs: ["c"] },
    });
    const run = new WorkflowRun(plan);

    expect(run.fail("a")).toEqual(["after-blocked"]);
    expect(run.states.get("b")).toEqual({ status: "blocked" });
    expect(run.fail("c")).toEqual(["after-allowed"]);
  });
});

function tallyOf(needs: string) {
  const count = (letter: string) => needs.split("").filter((one) => one === letter).length;
  return { succeeded: count("S"), skipped: count("K"), failed: count("F"), pending: count("-") };
}

/** Asks `advance` about a step whose needs stand so. */
function verdictOfStep({ needs, rule }: Row): string {
  const names = needs.split("").map((_, index) => `n${index}`);
  const plan = aPlan({ ...Object.fromEntries(names.map((name) => [name, {}])), z: { needs: names, rule } });
  const run = new WorkflowRun(plan);
  names.forEach((name, index) => run.states.set(name, STATES[needs.charAt(index)] ?? { status: "open" }));
  run.go();
  const words: Readonly<Record<string, string>> = { open: "run", skipped: "skip", blocked: "block" };
  return words[run.statuses.z ?? ""] ?? "wait";
}

function permutations(letters: readonly string[]): readonly string[] {
  if (letters.length <= 1) return [letters.join("")];
  return letters.flatMap((letter, index) => permutations(letters.toSpliced(index, 1)).map((rest) => letter + rest));
}
