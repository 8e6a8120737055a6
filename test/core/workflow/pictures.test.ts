import { describe, expect, it } from "vitest";
import { criticalPath, type StepTimes } from "../../../core/workflow/critical-path.ts";
import { ganttText } from "../../../core/workflow/gantt.ts";
import { graphMermaid } from "../../../core/workflow/graph-mermaid.ts";
import { graphText } from "../../../core/workflow/graph-text.ts";
import type { WorkflowPlan } from "../../../core/workflow/plan.ts";
import { aPlan } from "../../support/workflows.ts";

const PLAN = aPlan(
  {
    extract: {},
    hold: { wait: { for: "1m" } },
    route: {
      needs: ["extract"],
      switch: { cases: [{ when: 'steps.extract.output == "a|b"', choose: ["load"] }], default: ["end"] },
    },
    load: { needs: ["route", "hold"], map: { over: "[1]" } },
    end: { needs: ["route"] },
    sum: { needs: ["load", "end"], rule: "anySucceeded", when: "true" },
  },
  { onError: { alarm: { approval: { by: ["ana"] } } }, finally: { tidy: {}, report: { needs: ["tidy"] } } },
);

describe("graphText()", () => {
  it("draws a tree of the last needs", () => {
    expect(graphText(PLAN)).toBe(
      [
        "main",
        "├─ extract → route (switch)",
        "│  ├─ load (map; also needs hold)",
        "│  └─ end → sum (anySucceeded; when …; also needs load)",
        "└─ hold (wait)",
        "onError",
        "└─ alarm (approval)",
        "finally",
        "└─ tidy → report",
      ].join("\n"),
    );
  });

  it("names each step once and keeps lines short, in a line of 1,000 steps too", () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `step-${index}`);
    const steps = names.map((name, index) => [name, { needs: names.slice(Math.max(0, index - 1), index) }]);
    const drawn = graphText(aPlan(Object.fromEntries(steps)));

    for (const name of names) expect(drawn.match(new RegExp(`\\b${name}\\b`, "g"))).toHaveLength(1);
  });
});

describe("graphMermaid()", () => {
  it("draws phases, choices, rules and conditions, with everything escaped", () => {
    expect(graphMermaid(PLAN)).toBe(`flowchart LR
  subgraph main
    s0["extract"]
    s1(["hold"])
    s2{"route"}
    s3["load ×n"]
    s4["end"]
    s5["sum"]
    s0 --> s2
    s2 -->|"steps.extract.output == #34;a#124;b#34;"| s3
    s1 --> s3
    s2 -->|"default"| s4
    s3 -->|"anySucceeded · when true"| s5
    s4 -->|"anySucceeded · when true"| s5
  end
  subgraph onError
    s6{{"alarm"}}
  end
  subgraph finally
    s7["tidy"]
    s8["report"]
    s7 --> s8
  end
  main -.-> onError
  onError -.-> finally
`);
  });
});

describe("ganttText()", () => {
  it("draws each attempt from its start to its end, open ones with an open end", () => {
    const rows = [
      { step: "extract", attempt: 1, fromMs: 0, toMs: 2_500, status: "succeeded" },
      { step: "load", attempt: 1, fromMs: 2_500, toMs: 2_600, status: "failed" },
      { step: "load", attempt: 2, fromMs: 5_000, toMs: undefined, status: "running" },
    ];

    expect(ganttText(rows, { nowMs: 10_000, width: 40 })).toBe(
      [
        "         1970-01-01T00:00:00.000Z            +10s",
        `extract  ${"█".repeat(10)}${" ".repeat(30)}  2s500ms  succeeded`,
        `load     ${" ".repeat(10)}█${" ".repeat(29)}  100ms  failed`,
        `load #2  ${" ".repeat(20)}${"▒".repeat(19)}▶  5s  running`,
      ].join("\n"),
    );
  });

  it("draws something for whatever has taken no time, and nothing for nothing", () => {
    const row = { step: "a", attempt: 1, fromMs: 5, toMs: 5, status: "succeeded" };

    expect(ganttText([row], { width: 10 })).toContain("a  █");
    expect(ganttText([])).toBe("");
  });
});

describe("criticalPath()", () => {
  it("goes back from the last end through the needs that ended last", () => {
    const plan = aPlan({ a: {}, b: {}, c: { needs: ["a", "b"] }, d: { needs: ["a"] } });

    expect(path(plan, { a: ran(0, 10), b: ran(0, 20), c: ran(22, 30), d: ran(10, 29) })).toEqual([
      { step: "b", fromMs: 0, toMs: 20, waitedMs: 0 },
      { step: "c", fromMs: 22, toMs: 30, waitedMs: 2 },
    ]);
  });

  it("takes under an early rule the need that let the step begin", () => {
    const plan = aPlan({ a: {}, b: {}, c: {}, d: { needs: ["a", "b", "c"], rule: "anySucceeded" } });
    const times = { a: ran(0, 5, "failed"), b: ran(0, 10), c: ran(0, 12), d: ran(13, 30) };

    expect(path(plan, times).map(({ step }) => step)).toEqual(["b", "d"]);
  });

  it("does not take under an early rule what a need had needed that was left out", () => {
    const plan = aPlan({
      a: {},
      b: { needs: ["a"] },
      c: { needs: ["a"], when: "false" },
      d: { needs: ["b", "c"], rule: "anySucceeded" },
    });

    expect(path(plan, { a: ran(0, 5), b: ran(5, 9), d: ran(9, 20) }).map(({ step }) => step)).toEqual(["a", "b", "d"]);
  });

  it("goes through steps without times and over the bounds of phases", () => {
    const plan = aPlan(
      { a: {}, b: { needs: ["a"], when: "false" }, c: { needs: ["b"], rule: "noneFailed" } },
      { finally: { tidy: {} } },
    );

    expect(path(plan, { a: ran(0, 10), c: ran(10, 20), tidy: ran(25, 26) }).map(({ step }) => step)).toEqual([
      "a",
      "c",
      "tidy",
    ]);
    expect(path(plan, {})).toEqual([]);
  });
});

function ran(fromMs: number, toMs: number, status: StepTimes["status"] = "succeeded"): StepTimes {
  return { fromMs, toMs, status };
}

function path(plan: WorkflowPlan, times: Readonly<Record<string, StepTimes>>) {
  return criticalPath(plan, new Map(Object.entries(times)));
}
