import { parentPort, workerData } from "node:worker_threads";
import { PortError } from "../../core/ports/errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { openDatabase } from "./open-database.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import type { WriterAnswer, WriterRequest, WriterResult, WriterThreadData } from "./threaded-writes.ts";
import { type ArgumentsOf, InlineWrites, type Operation } from "./writes.ts";

/** The thread of `ThreadedWrites`: requests that arrive while a group is being committed become the next group. */
const data = workerData as WriterThreadData;
const database = openDatabase(data.path, data);
const writes = new InlineWrites(new GroupCommit(database), new SqliteWriter(database, data));

parentPort?.on("message", (request: WriterRequest) => {
  if (request === undefined) void end();
  else void answer(request);
});

async function answer(request: NonNullable<WriterRequest>): Promise<void> {
  const results = request.map(([operation, args]) => resultOf(operation, args));
  const answered: WriterAnswer = await Promise.all(results);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(answered);
}

async function resultOf(operation: Operation, args: readonly unknown[]): Promise<WriterResult> {
  try {
    return { value: await writes.run(operation, ...(args as ArgumentsOf<typeof operation>)) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: error instanceof PortError ? error.code : "UNAVAILABLE", message };
  }
}

async function end(): Promise<void> {
  await writes.close();
  database.close();
  parentPort?.close();
}
