import { expect, it } from "vitest";
import { defineWorkflow } from "../../../client/sdk/define-workflow.ts";
import { compileWorkflow } from "../../../core/workflow/compile.ts";

const executor = { type: "command", argv: ["true"] } as const;

it("defineWorkflow() gives the definition as it was written", () => {
  const workflow = defineWorkflow({
    steps: {
      a: { executor: { type: "command", argv: ["true"] } },
      b: { needs: ["a"], switch: { cases: [{ when: "true", choose: ["c"] }], default: [] } },
      c: { needs: ["b"], wait: { for: "1m" }, rule: "anySucceeded" },
    },
    onError: { steps: { tell: { approval: { by: ["ana"] } } } },
    outputs: { done: "steps.c.status" },
  });

  expect(workflow.type).toBe("workflow");
  expect([...compileWorkflow(workflow).steps.keys()]).toEqual(["a", "b", "c", "tell"]);
});

/** Not called: that it compiles is what is in question. */
function refused() {
  return [
    // @ts-expect-error there is no step "x"
    defineWorkflow({ steps: { a: { executor }, b: { needs: ["x"], executor } } }),
    // @ts-expect-error it is that step itself
    defineWorkflow({ steps: { a: { executor, needs: ["a"] } } }),
    // @ts-expect-error "a" is a step of another phase
    defineWorkflow({ steps: { a: { executor } }, finally: { steps: { b: { needs: ["a"], executor } } } }),
    // @ts-expect-error there is no step "x"
    defineWorkflow({ steps: { a: { switch: { cases: [{ when: "true", choose: ["x"] }] } } } }),
    // @ts-expect-error there is no such field
    defineWorkflow({ steps: { a: { executor, need: [] } } }),
    // @ts-expect-error there is no such rule
    defineWorkflow({ steps: { a: { executor, rule: "some" } } }),
  ];
}

it("defineWorkflow() compiles only with needs and choices that are other steps of the same phase", () => {
  expect(refused).toBeTypeOf("function");
});
