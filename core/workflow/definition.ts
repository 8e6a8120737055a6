import { z } from "zod";
import { durationSchema } from "../job/duration.ts";
import { executorSchema } from "../job/executor.ts";
import { nameSchema } from "../job/name.ts";
import { ENDS } from "../run/run-end.ts";
import { runFields } from "../job/run-fields.ts";

export const MAX_EXPRESSION_LENGTH = 2_000;
export const TRIGGER_RULES = ["allSucceeded", "allEnded", "anySucceeded", "anyFailed", "noneFailed", "always"] as const;
export type TriggerRule = (typeof TRIGGER_RULES)[number];

const { parameters, retry, timeouts, pool, priority, concurrency } = runFields;

/** Stretches of data, by the calendar. */
export const WINDOWS = ["slot", "hour", "day", "week", "month"] as const;
export type Window = (typeof WINDOWS)[number];

const STEP_NAME_RULE =
  "a lower-case letter or digit, then lower-case letters, digits, '_' or '-', at most 40 characters";
/** No `.`, which ends the step's name in the id of its run. */
export const stepNameSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, { error: `must be ${STEP_NAME_RULE}` });
const stepNames = z.array(stepNameSchema).max(1_000);
const expression = z
  .string()
  .min(1)
  .max(MAX_EXPRESSION_LENGTH)
  .meta({ description: "A CEL expression", examples: ['parameters.region == "eu"'] });

const stepSchema = z
  .strictObject({
    /** What a step does: exactly one of `executor`, `workflow`, `wait`, `switch`, `approval` and `awaits`. */
    executor: executorSchema.optional(),
    /** A run of another job of the namespace, as a child of this one. */
    workflow: z.strictObject({ job: nameSchema, parameters }).optional(),
    wait: z
      .strictObject({
        for: durationSchema("1s", "366d").optional(),
        /** An RFC 3339 instant, or `${{ … }}` that gives one. */
        until: z.string().min(1).max(MAX_EXPRESSION_LENGTH).optional(),
      })
      .optional(),
    /** Chooses steps that need this one: those of the first case that is true, or else `default`. Others are skipped. */
    switch: z
      .strictObject({
        cases: z
          .array(z.strictObject({ when: expression, choose: stepNames }))
          .min(1)
          .max(100),
        default: stepNames.optional(),
      })
      .optional(),
    approval: z
      .strictObject({
        by: z.array(z.string().min(1).max(256)).min(1).max(100),
        /** Default: it waits as long as the workflow does. */
        expiresAfter: durationSchema("1s", "366d").optional(),
        /** Default `reject`. */
        onExpiry: z.enum(["reject", "approve"]).optional(),
      })
      .optional(),
    /** Waits until a run of another job has ended well for the data of this one's slot. */
    awaits: z
      .strictObject({
        job: nameSchema,
        /** Stretch of time around the slot, in the time zone of the schedule, in which the other run's slot must lie. Default `day`. */
        window: z.enum(WINDOWS).optional(),
        /** Windows from that one: -1 is the one before. Default 0. */
        offset: z.number().int().min(-366).max(0).optional(),
        /** How the other run must have ended. Default `success`. */
        on: z.enum(ENDS).optional(),
        /** Default: it waits as long as the workflow does. */
        expiresAfter: durationSchema("1s", "366d").optional(),
      })
      .optional(),
    /** Steps of the same phase that this one waits for. */
    needs: stepNames.optional(),
    /** When its needs let it run. Default `allSucceeded`. */
    rule: z.enum(TRIGGER_RULES).optional(),
    /** Asked once the rule lets the step run: when it is false, the step is skipped. */
    when: expression.optional(),
    /** For each item of a list a run of its own. */
    map: z
      .strictObject({
        over: expression,
        /** Items that run at a time. Default 10. */
        concurrency: z.number().int().min(1).max(1_000).optional(),
        /** Items that may fail without failing the step, as a number or a share. Default 0. */
        tolerate: z
          .union([
            z.number().int().min(0),
            z.string().regex(/^(?:100|\d{1,2})%$/, { error: 'must be a number or a share such as "10%"' }),
          ])
          .optional(),
      })
      .optional(),
    /** A failure of this step counts as success for those that need it and for the workflow. */
    allowFailure: z.boolean().optional(),
    /** Of the step's runs. Texts may hold macros and `${{ expressions }}`. */
    parameters,
    retry,
    timeouts,
    pool,
    priority,
    concurrency,
  })
  .meta({ id: "WorkflowStep" });

const steps = z.record(stepNameSchema, stepSchema);

/** A workflow as its author writes it. Rules that span fields are kept by `compileWorkflow`, as are the defaults. */
export const workflowExecutorSchema = z
  .strictObject({
    type: z.literal("workflow"),
    steps,
    /** Run when the main steps have ended and one of them has failed. */
    onError: z.strictObject({ steps }).optional(),
    /** Run last, whatever has happened. */
    finally: z.strictObject({ steps }).optional(),
    /** What a workflow that has succeeded gives, by name. */
    outputs: z.record(z.string().min(1).max(128), expression).optional(),
  })
  .meta({ id: "WorkflowExecutor" });

export type WorkflowDefinition = z.infer<typeof workflowExecutorSchema>;
export type StepDefinition = z.infer<typeof stepSchema>;
