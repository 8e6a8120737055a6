import type { StepKind } from "../../core/workflow/check-steps.ts";
import type { Run } from "../contract/run.ts";
import type { OmittedFields } from "../contract/workflow.ts";

/** Most bytes of JSON that a field of a step's run may have among all steps, in a workflow of few. */
const MAX_FIELD_BYTES = 1_024;
/** And of all steps together: a thousand of them must fit into one answer, on AWS of 6 MB. */
const MAX_BYTES_OF_ALL = 256 * 1_024;
const OMITTABLE = ["result", "parameters", "progress", "attempts"] as const satisfies readonly (keyof OmittedFields)[];
/** What these give is how the workflow goes on, and small: names of steps, or a decision with its note. */
const TOLD_WHOLE: ReadonlySet<StepKind> = new Set(["switch", "approval"]);

/** How much room there is for a field of one step among so many. */
export function roomOfField(steps: number): number {
  return Math.floor(Math.min(MAX_FIELD_BYTES, MAX_BYTES_OF_ALL / steps));
}

/** A step's run as it is told among those of all steps: without what is large, and with long texts cut. */
export function shortenStepRun(
  run: Run,
  { kind, room }: { readonly kind: StepKind; readonly room: number },
): { readonly run: Run; readonly omitted: OmittedFields | undefined } {
  const fields = OMITTABLE.filter((field) => field !== "result" || !TOLD_WHOLE.has(kind));
  const omitted = Object.fromEntries(
    fields.map((field) => [field, bytesOf(run[field])] as const).filter(([, bytes]) => bytes > room),
  ) as OmittedFields;
  const rest = Object.fromEntries(Object.entries(run).filter(([field]) => !Object.hasOwn(omitted, field)));
  const { error, cancel, mark } = run;
  return {
    run: {
      ...(rest as Run),
      attempts: omitted.attempts === undefined ? run.attempts : [],
      ...(error && { error: { ...error, message: cut(error.message, room) } }),
      ...(cancel?.note !== undefined && { cancel: { ...cancel, note: cut(cancel.note, room) } }),
      ...(mark?.note !== undefined && { mark: { ...mark, note: cut(mark.note, room) } }),
    },
    omitted: Object.keys(omitted).length === 0 ? undefined : omitted,
  };
}

function bytesOf(value: unknown): number {
  return value === undefined ? 0 : new TextEncoder().encode(JSON.stringify(value)).byteLength;
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).toWellFormed()}…`;
}
