import { delay } from "../sdk/delay.ts";
import type { Io, Output } from "./io.ts";

/** The world of a real process. A reader that closes our output early, such as `head`, ends the process quietly. */
export function processIo(): Io {
  return {
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    readStdin,
    env: process.env,
    cwd: process.cwd(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    fetch: globalThis.fetch,
    nowMs: Date.now,
    sleep: delay,
  };
}

function outputTo(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    if (stream === process.stdout) process.stderr.write(`error[output]: Cannot write the output: ${error.message}\n`);
    process.exit(1);
  });
  return { write: (text) => void stream.write(text), isTty: stream.isTTY };
}

async function readStdin(maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > maxBytes) break;
  }
  return Buffer.concat(chunks);
}
