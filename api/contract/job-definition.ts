import { jobDefinitionSchema, type JobDefinition } from "../../core/job/definition.ts";
import { executorSchema } from "../../core/job/executor.ts";
import { parseCron } from "../../core/schedule/cron.ts";
import { ScheduleError } from "../../core/schedule/schedule-error.ts";
import { validate } from "./validate.ts";

export type { JobDefinition };

/**
 * Reads a job as its author writes it. Rules between fields are kept by the server, which also knows the calendars.
 *
 * @throws {ProblemError} 422 with all faults together
 */
export function parseJobDefinition(value: unknown): JobDefinition {
  return validate(jobDefinitionSchema, value);
}

/** What is wrong with a cron expression, for its author to read; `undefined` when it can be read. */
export function findCronFault(expression: string): string | undefined {
  try {
    parseCron(expression);
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return error.message;
    throw error;
  }
}

/** Whether a job may set an environment variable: its name is well formed and not reserved, its value fits. */
export function isAcceptedVariable(name: string, value: string): boolean {
  return executorSchema.safeParse({ type: "command", argv: ["true"], environment: { [name]: value } }).success;
}
