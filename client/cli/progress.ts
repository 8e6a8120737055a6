import type { Session } from "./session.ts";

const CLEAR_LINE = "\r\u001b[2K";

/** Shows how far something has come: on a terminal in one line that is written over, elsewhere a line for each change. */
export class Progress {
  readonly #session: Session;
  #last: string | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  show(text: string): void {
    if (text === this.#last) return;
    this.#last = text;
    const { isJson, isQuiet, io } = this.#session;
    if (io.stderr.isTty && !isJson && !isQuiet) io.stderr.write(`${CLEAR_LINE}${text}`);
    else this.#session.note(text);
  }

  /** Removes the line from a terminal. */
  end(): void {
    const { isJson, isQuiet, io } = this.#session;
    if (this.#last !== undefined && io.stderr.isTty && !isJson && !isQuiet) io.stderr.write(CLEAR_LINE);
  }
}
