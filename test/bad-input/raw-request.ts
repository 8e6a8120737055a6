import { connect } from "node:net";

export interface RawOptions {
  /** Ends the connection after the bytes, as a client does that has nothing more to say. */
  readonly end?: boolean;
}

/** What came back over one connection, up to its end. */
export interface RawAnswer {
  /** 0: nothing came. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends bytes as they are, where a client would refuse to, and reads until the server closes. The bytes must ask for that,
 * or be such that it does.
 */
export function sendRaw(url: string, bytes: string | Uint8Array, { end = false }: RawOptions = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => (text += chunk));
    // A server that has refused the rest closes while it is still being sent; what it said before counts.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => resolve(answerOf(text)));
    socket.write(bytes);
    if (end) socket.end();
  });
}

function answerOf(text: string): RawAnswer {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: rest.join("\r\n\r\n") };
}
