import { describe, expect, it } from "vitest";
import { checkDefinition } from "../../../core/job/check-definition.ts";
import type { JobDefinition } from "../../../core/job/definition.ts";
import { executorSchema } from "../../../core/job/executor.ts";
import { checkFargateSize } from "../../../core/job/fargate-size.ts";

const CONTAINER = { type: "container", image: "example/report:1", cpu: 256, memoryMb: 512 } as const;
const ON_AWS = { minIntervalMs: 1_000, executors: ["command", "http", "handler", "lambda", "container"] } as const;

function check(executor: object, limits: Parameters<typeof checkDefinition>[2] = ON_AWS): void {
  const definition: JobDefinition = { name: "report", executor: executorSchema.parse(executor) };
  checkDefinition(definition, "default", limits);
}

describe("checkDefinition() of an executor", () => {
  it.each([{ type: "lambda", function: "report" }, CONTAINER])(
    "refuses $type where workers do not have it",
    (executor) => {
      expect(() => check(executor, { minIntervalMs: 1_000 })).toThrow(
        expect.objectContaining({
          code: "executor-invalid",
          pointer: "/executor/type",
          message: `Cannot run a job of type "${executor.type}" here: the types are command, http, handler, workflow`,
        }),
      );
    },
  );

  it.each([
    "report",
    "report:live",
    "report:$LATEST",
    "123456789012:function:report",
    "arn:aws:lambda:eu-central-1:123456789012:function:report:7",
    "arn:aws-cn:lambda:cn-north-1:123456789012:function:report",
  ])("takes function %s", (name) => {
    expect(() => check({ type: "lambda", function: name })).not.toThrow();
  });

  it.each(["report", "arn:aws:lambda:eu-central-1:123456789012:function:report"])(
    "takes a qualifier beside %s",
    (name) => {
      expect(() => check({ type: "lambda", function: name, qualifier: "live" })).not.toThrow();
    },
  );

  it.each(["report:7", "arn:aws:lambda:eu-central-1:123456789012:function:report:7"])(
    "refuses a second qualifier beside %s",
    (name) => {
      expect(() => check({ type: "lambda", function: name, qualifier: "live" })).toThrow(
        expect.objectContaining({ code: "executor-invalid", pointer: "/executor/qualifier" }),
      );
    },
  );

  it("refuses a container of a size that Fargate does not have, and names the sizes it has", () => {
    expect(() => check({ ...CONTAINER, memoryMb: 4_096 })).toThrow(
      expect.objectContaining({
        code: "executor-invalid",
        pointer: "/executor/memoryMb",
        message:
          "Cannot run a container with memoryMb 4096: with cpu 256 it must be 512, or from 1024 to 2048 in steps of 1024",
      }),
    );
  });

  it("checks macros wherever texts stand", () => {
    expect(() => check({ type: "lambda", function: "report", payload: { day: "{{slot.dat}}" } })).toThrow(
      expect.objectContaining({ code: "template-invalid", pointer: "/executor/payload/day" }),
    );
    expect(() => check({ ...CONTAINER, command: ["a", "{{nothing}}"] })).toThrow(
      expect.objectContaining({ code: "template-invalid", pointer: "/executor/command/1" }),
    );
  });
});

describe("checkFargateSize()", () => {
  it.each([
    [256, 512],
    [256, 2_048],
    [512, 4_096],
    [1_024, 2_048],
    [2_048, 16_384],
    [4_096, 30_720],
    [8_192, 20_480],
    [16_384, 122_880],
  ])("has %d CPU units with %d MB", (cpu, memoryMb) => {
    expect(checkFargateSize({ cpu, memoryMb })).toBeUndefined();
  });

  it.each([
    [256, 1_536, "memoryMb"],
    [512, 512, "memoryMb"],
    [1_024, 9_216, "memoryMb"],
    [8_192, 17_408, "memoryMb"],
    [16_384, 8_192, "memoryMb"],
    [300, 512, "cpu"],
  ])("has no %d CPU units with %d MB", (cpu, memoryMb, field) => {
    expect(checkFargateSize({ cpu, memoryMb })?.field).toBe(field);
  });
});
