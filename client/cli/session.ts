import type { JobKey } from "../sdk/jobs-api.ts";
import { CarillonClient } from "../sdk/client.ts";
import { readConnection } from "./configuration.ts";
import { EXIT_CODES, type ExitCode } from "./exit-code.ts";
import { localInstant } from "./instants.ts";
import type { Io } from "./io.ts";
import { printable, printableJson } from "./printable.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly namespace?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly utc?: boolean;
}

/** How a result is shown to people; `--json` shows the value itself. */
export interface Views {
  /** Called only when needed. */
  readonly human: () => string;
  /** With `--quiet`. Default: as `human`. */
  readonly quiet?: () => string;
}

/** One invocation of the command. */
export class Session {
  readonly io: Io;
  readonly namespace: string;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** How the command ends, unless an error says otherwise. */
  exitCode: ExitCode = EXIT_CODES.ok;
  readonly #options: GlobalOptions;
  #client: CarillonClient | undefined;

  constructor(io: Io, options: GlobalOptions) {
    this.io = io;
    this.namespace = options.namespace ?? (io.env["CARILLON_NAMESPACE"] || "default");
    this.isJson = options.json === true;
    this.isQuiet = options.quiet === true;
    this.#options = options;
  }

  /** @throws {CliError} as `readConnection` */
  async client(): Promise<CarillonClient> {
    const { fetch, sleep } = this.io;
    const connection = this.#client === undefined ? await readConnection(this.#options.url, this.io) : undefined;
    this.#client ??= new CarillonClient({ ...connection, url: connection?.url ?? "", fetch, sleep });
    return this.#client;
  }

  job(job: string): JobKey {
    return { namespace: this.namespace, job };
  }

  /** Prints the one result of the command. */
  show(value: unknown, views: Views): void {
    if (this.isJson) return this.io.stdout.write(`${printableJson(value, 2)}\n`);
    this.io.stdout.write(printable(this.isQuiet && views.quiet !== undefined ? views.quiet() : views.human()));
  }

  /** As `show` for what was done: one sentence, silent with `--quiet`. */
  confirm(value: unknown, sentence: string): void {
    this.show(value, { human: () => `${sentence}\n`, quiet: () => "" });
  }

  /** Says something beside the result, to people. */
  note(text: string): void {
    if (!this.isJson && !this.isQuiet) this.io.stderr.write(`${printable(text)}\n`);
  }

  /** An instant for people, in their zone or with `--utc` in UTC; `undefined` stays. */
  instant(at: string): string;
  instant(at: string | undefined): string | undefined;
  instant(at: string | undefined): string | undefined {
    return at === undefined ? undefined : localInstant(at, this.#options.utc === true ? "UTC" : this.io.timeZone);
  }
}
