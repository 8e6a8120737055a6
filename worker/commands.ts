import type { Core } from "../core/services/core.ts";
import type { WorkerCommand } from "../core/worker/worker-record.ts";
import type { Attempts } from "./attempts.ts";

export interface CommandsOptions {
  readonly workerId: string;
  readonly attempts: Attempts;
  readonly drain: () => void;
}

/** What others ask of a worker: read, obeyed, forgotten. */
export class Commands {
  readonly #core: Core;
  readonly #options: CommandsOptions;
  readonly #seen = new Set<string>();

  constructor(core: Core, options: CommandsOptions) {
    this.#core = core;
    this.#options = options;
  }

  async obey(): Promise<void> {
    for (const command of await this.#core.workers.commands(this.#options.workerId)) await this.#obey(command);
  }

  async #obey(command: WorkerCommand): Promise<void> {
    if (command.kind === "drain") {
      await this.#forget(command);
      this.#options.drain();
      return;
    }
    const { runId, epoch, graceMs } = command;
    const key = `${runId}#${epoch}`;
    const attempt = this.#options.attempts.find(runId);
    if (attempt !== undefined && attempt.epoch === epoch) {
      attempt.stop({ kind: "cancel", graceMs });
    } else if (!this.#seen.has(key)) {
      // The attempt may be about to begin: the command is obeyed or dropped when it is seen next.
      this.#seen.add(key);
      return;
    }
    this.#seen.delete(key);
    await this.#forget(command);
  }

  #forget(command: WorkerCommand): Promise<void> {
    return this.#core.workers.forgetCommand(this.#options.workerId, command);
  }
}
