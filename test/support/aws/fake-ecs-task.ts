import { randomBytes } from "node:crypto";
import type { FakeDefinition, RequestOf } from "./fake-ecs-requests.ts";

/** What runs in a task's container, as whoever runs it sees it. */
export interface FakeProcess {
  stop(signal: "SIGTERM" | "SIGKILL"): void;
  /** The exit code: 137 after SIGKILL. */
  readonly exited: Promise<number>;
}

/** What is to be run: the first container of the definition, with the overrides applied. */
export interface FakeStart {
  readonly taskId: string;
  readonly family: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface TaskOptions {
  readonly cluster: string;
  readonly definition: FakeDefinition;
  readonly definitionArn: string;
  readonly group: string;
  readonly startedBy?: string | undefined;
  readonly overrides?: RequestOf<"RunTask">["overrides"];
  readonly tags?: RequestOf<"RunTask">["tags"];
  /** In place of the definition's `stopTimeout`. */
  readonly stopTimeoutMs: number | undefined;
}

export const ARN = "arn:aws:ecs:eu-central-1:123456789012";
/** ECS's own, for containers that state none. */
const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

/** One task from its start to its end. */
export class FakeTask {
  readonly id = randomBytes(16).toString("hex");
  readonly options: TaskOptions;
  desiredStatus: "RUNNING" | "STOPPED" = "RUNNING";
  lastStatus = "PROVISIONING";
  isProtected = false;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  exitCode: number | undefined;
  /** Resolves when it has stopped. */
  readonly ended: Promise<void>;
  readonly #end: () => void;
  #process: FakeProcess | undefined;
  #killing: NodeJS.Timeout | undefined;

  constructor(options: TaskOptions) {
    this.options = options;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  get arn(): string {
    return `${ARN}:task/${this.options.cluster}/${this.id}`;
  }

  async run(
    start: (start: FakeStart) => FakeProcess | Promise<FakeProcess>,
    more: Record<string, string>,
  ): Promise<void> {
    try {
      this.#process = await start({
        taskId: this.id,
        ...this.#content(),
        environment: { ...this.#environment(), ...more },
      });
    } catch (error) {
      this.stopCode ??= "TaskFailedToStart";
      this.stoppedReason ??= `CannotPullContainerError: ${(error as Error).message}`;
      return this.#stopped();
    }
    if (this.desiredStatus === "RUNNING") this.lastStatus = "RUNNING";
    else this.#terminate();
    this.exitCode = await this.#process.exited;
    this.stopCode ??= "EssentialContainerExited";
    this.stoppedReason ??= "Essential container in task exited";
    this.#stopped();
  }

  stop(stopCode: string, reason: string): void {
    if (this.desiredStatus === "STOPPED") return;
    this.desiredStatus = "STOPPED";
    this.stopCode = stopCode;
    this.stoppedReason = reason;
    this.lastStatus = this.lastStatus === "RUNNING" ? "STOPPING" : this.lastStatus;
    if (this.#process !== undefined) this.#terminate();
  }

  /** As DescribeTasks shows it. */
  describe({ withTags }: { readonly withTags: boolean }): object {
    const { definitionArn, group, startedBy, overrides, tags, cluster } = this.options;
    return {
      taskArn: this.arn,
      clusterArn: `${ARN}:cluster/${cluster}`,
      taskDefinitionArn: definitionArn,
      group,
      startedBy,
      overrides,
      lastStatus: this.lastStatus,
      desiredStatus: this.desiredStatus,
      stopCode: this.stopCode,
      stoppedReason: this.stoppedReason,
      containers: [{ name: this.#content().name, lastStatus: this.#containerStatus(), exitCode: this.exitCode }],
      ...(withTags && { tags: tags ?? [] }),
    };
  }

  #terminate(): void {
    const [container] = this.options.definition.containerDefinitions;
    const timeoutMs = (container?.stopTimeout ?? DEFAULT_STOP_TIMEOUT_SECONDS) * 1_000;
    this.#process?.stop("SIGTERM");
    this.#killing = setTimeout(() => this.#process?.stop("SIGKILL"), this.options.stopTimeoutMs ?? timeoutMs);
  }

  #stopped(): void {
    clearTimeout(this.#killing);
    this.desiredStatus = "STOPPED";
    this.lastStatus = "STOPPED";
    this.#end();
  }

  #containerStatus(): string {
    if (this.lastStatus === "STOPPED") return "STOPPED";
    return this.#process === undefined ? "PENDING" : "RUNNING";
  }

  #content() {
    const { definition, overrides } = this.options;
    const [container] = definition.containerDefinitions;
    const { name = "", image = "", command = [] } = container ?? {};
    const override = overrides?.containerOverrides.find((each) => each.name === name);
    return { family: definition.family, name, image, command: override?.command ?? command };
  }

  #environment(): Record<string, string> {
    const [container] = this.options.definition.containerDefinitions;
    const override = this.options.overrides?.containerOverrides.find(({ name }) => name === container?.name);
    const pairs = [...(container?.environment ?? []), ...(override?.environment ?? [])];
    return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
  }
}
