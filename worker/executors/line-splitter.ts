import { StringDecoder } from "node:string_decoder";

/**
 * Splits UTF-8 bytes into lines, whatever the pieces they come in; a line end is `\n` or `\r\n`. A line longer than
 * `maxLength` UTF-16 units is handed on in parts, so memory stays bounded; a character is never cut in two.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  readonly #maxLength: number;
  readonly #onLine: (text: string, whole: boolean) => void;
  #rest = "";
  /** The line that `#rest` belongs to has been handed on in part. */
  #isCut = false;

  /** @param onLine - `whole` is false for the parts of a line that was too long */
  constructor(maxLength: number, onLine: (text: string, whole: boolean) => void) {
    this.#maxLength = maxLength;
    this.#onLine = onLine;
  }

  push(bytes: Buffer): void {
    this.#take(this.#decoder.write(bytes));
  }

  /** Hands on what came after the last line end. */
  end(): void {
    this.#take(this.#decoder.end());
    if (this.#rest !== "") this.#emitLine(this.#rest);
    this.#rest = "";
  }

  #take(text: string): void {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      this.#rest += text.slice(start, end);
      this.#emitParts();
      this.#emitLine(this.#rest.endsWith("\r") ? this.#rest.slice(0, -1) : this.#rest);
      this.#rest = "";
      start = end + 1;
    }
    this.#rest += text.slice(start);
    this.#emitParts();
  }

  #emitLine(text: string): void {
    this.#onLine(text, !this.#isCut);
    this.#isCut = false;
  }

  #emitParts(): void {
    while (this.#rest.length > this.#maxLength) {
      const splitsPair = /[\uD800-\uDBFF]/.test(this.#rest.charAt(this.#maxLength - 1));
      const end = splitsPair ? this.#maxLength - 1 : this.#maxLength;
      this.#isCut = true;
      this.#onLine(this.#rest.slice(0, end), false);
      this.#rest = this.#rest.slice(end);
    }
  }
}
