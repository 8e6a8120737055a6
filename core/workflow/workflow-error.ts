/** What can be wrong with a workflow's definition. */
export type WorkflowErrorCode =
  /** Kinds, fields, names, needs or targets of steps that do not fit together. */
  | "workflow-invalid"
  /** Steps that wait for each other. */
  | "workflow-cycle"
  /** More than `MAX_STEPS` steps or `MAX_NEEDS` needs, or than a state machine of Step Functions can have. */
  | "workflow-too-large"
  /** An expression that cannot be read, has the wrong type, or names what it may not know. */
  | "expression-invalid";

/** A workflow that cannot be used. The message states action, rule and value, for the author to read. */
export class WorkflowError extends Error {
  readonly code: WorkflowErrorCode;
  /** JSON pointer inside the job's definition, such as `/executor/steps/load/needs/0`. */
  readonly pointer: string;
  /** For expressions: where in the text at `pointer`, in UTF-16 units from 0. */
  readonly position?: number;

  constructor(code: WorkflowErrorCode, at: { pointer: string; position?: number | undefined; message: string }) {
    super(at.message);
    this.name = "WorkflowError";
    this.code = code;
    this.pointer = at.pointer;
    if (at.position !== undefined) this.position = at.position;
  }
}
