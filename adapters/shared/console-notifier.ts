import type { Alert, DeliveryResult } from "../../core/ports/notifier.ts";

/** Writes each alert as one line for the people who watch the process. */
export class ConsoleNotifier {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = (line) => process.stderr.write(`${line}\n`)) {
    this.#write = write;
  }

  deliver({ id, atMs, namespace, subject, text }: Alert): DeliveryResult {
    // Quoted: what came from outside must not look like another line.
    this.#write(`${new Date(atMs).toISOString()} alert ${id} [${namespace}] ${JSON.stringify(`${subject}: ${text}`)}`);
    return { delivered: true };
  }
}
