import { SqliteStore } from "../../adapters/embedded/sqlite-store.ts";

/**
 * Another process on the store of the folder given. It writes one line for each thing it has done, and ends when its
 * input ends or when it is killed.
 *
 * - `increment <times>`: adds to the counter at `counter`/`shared`, by reading and conditional writing
 * - `write`: puts items under `written` without end, 8 at a time; each line is the sort key of one that is acknowledged
 * - `send`: at each line of input sends it as a message to `default.normal`
 */
const [folder = "", command, argument] = process.argv.slice(2);
const store = SqliteStore.open({ folder, checkpoint: false });

if (command === "increment") {
  for (let done = 0; done < Number(argument);) if (await increment()) done++;
} else if (command === "write") {
  await Promise.all(Array.from({ length: 8 }, (_, writer) => writeOn(writer)));
} else if (command === "send") {
  say("ready");
  for await (const line of process.stdin) await send(String(line).trim());
}
await store.close();

async function increment(): Promise<boolean> {
  const key = { pk: "counter", sk: "shared" };
  const stored = await store.table.get(key);
  const { count } = (stored?.body ?? { count: 0 }) as { count: number };
  return (await store.table.put(key, { count: count + 1 }, stored?.rev ?? "absent")).ok;
}

async function writeOn(writer: number): Promise<never> {
  for (let index = 0; ; index++) {
    const sk = `${writer}-${index}`;
    await store.table.put({ pk: "written", sk }, { text: "x".repeat(200) }, "absent");
    say(sk);
  }
}

async function send(body: string): Promise<void> {
  await store.queue.send("default.normal", [{ body, group: "default", delayMs: 0 }]);
  say("sent");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
