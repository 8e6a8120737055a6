import type { JobDefinition } from "../../core/job/definition.ts";
import { MAX_LABELS, MAX_PAYLOAD_BYTES } from "../contract/limits.ts";
import { type FieldError, ProblemError, problemOfErrors } from "../contract/problem.ts";

/**
 * Checks what the shape of a definition does not bound.
 *
 * @throws {ProblemError} `too-many-labels`, `payload-too-large`
 */
export function checkDefinitionSize({ labels = {}, parameters }: JobDefinition, prefix = ""): void {
  const errors: FieldError[] = [];
  const count = Object.keys(labels).length;
  if (count > MAX_LABELS) {
    const detail = `Field "labels" must have at most ${MAX_LABELS} entries; got ${count}`;
    errors.push({ pointer: `${prefix}/labels`, code: "too-many-labels", detail });
  }
  errors.push(...findOversize(parameters, `${prefix}/parameters`));
  if (errors.length > 0) throw new ProblemError(problemOfErrors(errors));
}

/** @throws {ProblemError} `payload-too-large` */
export function checkParametersSize(parameters: unknown, pointer: string): void {
  const errors = findOversize(parameters, pointer);
  if (errors.length > 0) throw new ProblemError(problemOfErrors(errors));
}

function findOversize(parameters: unknown, pointer: string): FieldError[] {
  const bytes = parameters === undefined ? 0 : new TextEncoder().encode(JSON.stringify(parameters)).byteLength;
  if (bytes <= MAX_PAYLOAD_BYTES) return [];
  const detail = `Parameters must be at most ${MAX_PAYLOAD_BYTES} bytes of JSON; got ${bytes}: pass a reference to larger data`;
  return [{ pointer, code: "payload-too-large", detail }];
}
