import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { checkDefinition } from "../../core/job/check-definition.ts";
import { jobDefinitionSchema } from "../../core/job/definition.ts";
import { TRIGGER_RULES, workflowExecutorSchema } from "../../core/workflow/definition.ts";
import { compileWorkflow } from "../../core/workflow/compile.ts";
import { graphText } from "../../core/workflow/graph-text.ts";

const PAGE = readFileSync(new URL("../../docs/workflows.md", import.meta.url), "utf8");

function blocks(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map(([, text = ""]) => text);
}

it("docs/workflows.md shows a workflow that is accepted, and its drawing", () => {
  const [written = ""] = blocks("yaml");
  const definition = jobDefinitionSchema.parse(parse(written));
  checkDefinition(definition, "default", { minIntervalMs: 1_000 });
  const plan = compileWorkflow(workflowExecutorSchema.parse(definition.executor));

  expect(blocks("console")[0]).toBe(`$ carillon workflows graph etl\n${graphText(plan)}\n`);
});

it("docs/workflows.md tells of every field and every rule", () => {
  const { steps, ...rest } = workflowExecutorSchema.shape;
  const { shape } = steps.valueType;
  const inner = [shape.wait, shape.switch, shape.approval, shape.awaits, shape.map].flatMap((field) =>
    Object.keys(field.unwrap().shape),
  );
  const names = [...Object.keys(rest), ...Object.keys(shape), ...inner, ...TRIGGER_RULES];

  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => name !== "type" && !new RegExp(`\`${name}[\`.]`).test(PAGE))).toEqual([]);
});
