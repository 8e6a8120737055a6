import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseJobDefinition } from "../../../api/contract/job-definition.ts";
import { parseYamlStrict } from "../../../api/contract/strict-yaml.ts";
import { checkDefinition } from "../../../core/job/check-definition.ts";
import { compileSchedule } from "../../../core/schedule/compile.ts";
import { compileWorkflow } from "../../../core/workflow/compile.ts";

const EXAMPLES = new URL("../../../examples/", import.meta.url);
const KINDS = ["command", "http", "handler", "lambda", "container"] as const;
const BANK_HOLIDAYS = { version: 1, definition: { name: "bank-holidays", exclude: ["2026-12-25"] } };

/** The definitions in the YAML files of a folder of examples. */
function definitionsIn(folder: string) {
  const files = readdirSync(new URL(folder, EXAMPLES)).filter((file) => file.endsWith(".yaml"));
  return files.flatMap((file) => {
    const text = readFileSync(new URL(`${folder}/${file}`, EXAMPLES), "utf8");
    return parseYamlStrict(text, { file }).map(({ value }, index) => ({ file, index, value }));
  });
}

describe("examples/jobs", () => {
  const examples = definitionsIn("jobs");

  it.each(examples)(
    "$file holds a definition that is accepted where all kinds of executors are ($index)",
    ({ value }) => {
      const definition = parseJobDefinition(value);

      checkDefinition(definition, "default", { minIntervalMs: 1_000, executors: KINDS });
      const schedule = compileSchedule(definition.schedule, {
        createdAtMs: 0,
        sinceMs: 0,
        jobKey: `default/${definition.name}`,
        calendars: new Map([["bank-holidays", BANK_HOLIDAYS]]),
      });

      // Only what its comment says is to be triggered has no schedule.
      expect(schedule.kind === "none").toBe(definition.name === "hello");
    },
  );

  it("shows every kind of executor", () => {
    expect(new Set(examples.map(({ value }) => parseJobDefinition(value).executor.type))).toEqual(new Set(KINDS));
  });
});

describe("examples/workflows", () => {
  it.each(definitionsIn("workflows"))("$file holds a workflow that one machine accepts ($index)", ({ value }) => {
    const definition = parseJobDefinition(value);
    checkDefinition(definition, "default", { minIntervalMs: 200 });
    if (definition.executor.type !== "workflow") throw new Error(`${definition.name} is no workflow`);

    const plan = compileWorkflow(definition.executor);

    expect(plan.order.main.length).toBeGreaterThan(1);
  });
});
