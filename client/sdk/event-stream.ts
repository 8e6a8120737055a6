/** One event of a `text/event-stream`. */
export interface ServerEvent {
  /** Its type; `message` when the server names none. */
  readonly event: string;
  readonly data: string;
  /** Id of this event or, as the standard has it, of the last one that had an id. */
  readonly id: string | undefined;
}

/** Reads the events of a response as they come, until it ends. Comments, sent to keep the line open, are left out. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  options: StreamOptions,
): AsyncGenerator<ServerEvent> {
  const fields = new EventFields();
  let rest = "";
  for await (const chunk of readText(body, options)) {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_LENGTH)
      throw new RangeError(`A line of the stream exceeds ${MAX_LINE_LENGTH} characters`);
    for (const line of lines) {
      const event = fields.take(line);
      if (event !== undefined) yield event;
    }
  }
}

export interface StreamOptions {
  /** A stream that brings nothing, not even a comment, for so long is taken for dead and ends. */
  readonly silenceMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A log line of 64 KB, each character escaped, with room to spare. */
const MAX_LINE_LENGTH = 1_048_576;

async function* readText(
  body: ReadableStream<Uint8Array>,
  { silenceMs, signal }: StreamOptions,
): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  // Cancelling ends the read that is under way, also where the request no longer listens to a signal.
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  let timer = setTimeout(cancel, silenceMs);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(cancel, silenceMs);
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}

/** Gathers the lines of one event; an empty line ends it. See https://html.spec.whatwg.org/multipage/server-sent-events.html */
class EventFields {
  #event = "";
  #data: string[] = [];
  #id: string | undefined;

  take(line: string): ServerEvent | undefined {
    if (line !== "") {
      this.#set(line);
      return undefined;
    }
    const event = { event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n"), id: this.#id };
    const isFilled = this.#data.length > 0;
    this.#event = "";
    this.#data = [];
    return isFilled ? event : undefined;
  }

  #set(line: string): void {
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    if (name === "data") this.#data.push(value);
    if (name === "id") this.#id = value;
  }
}
