/**
 * The part of the Amazon States Language that workflows are compiled to. Nothing flows through it: each Task tells the
 * core that it was reached, and waits to be answered.
 *
 * @see https://states-language.net/spec.html
 */
export interface StateMachine extends Sequence {
  readonly Comment: string;
}

/** States that follow each other, from `StartAt` to the one with `End`. */
export interface Sequence {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type State = TaskState | ParallelState;
/** What comes after a state: another one of the same sequence, or the end of it. */
export type Continuation = { readonly Next: string } | { readonly End: true };

export type TaskState = Continuation & {
  readonly Type: "Task";
  readonly Comment: string;
  readonly Resource: string;
  readonly Parameters: {
    readonly QueueUrl: string;
    /** The message that says that a step was reached. */
    readonly MessageBody: {
      /** Version of the message's form. */
      readonly v: 1;
      readonly "run.$": string;
      readonly step: string;
      readonly "token.$": string;
      readonly "retries.$": string;
    };
  };
  /** The answer is seen in the history, and not handed on. */
  readonly ResultPath: null;
  readonly TimeoutSeconds: number;
  readonly HeartbeatSeconds: number;
  readonly Retry: readonly [
    {
      readonly ErrorEquals: readonly [string];
      readonly IntervalSeconds: number;
      readonly BackoffRate: number;
      readonly MaxAttempts: number;
    },
  ];
};

export type ParallelState = Continuation & {
  readonly Type: "Parallel";
  readonly Comment: string;
  readonly ResultPath: null;
  readonly Branches: readonly Sequence[];
};
