import { openSync, readSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import type * as Sqlite from "node:sqlite";
import { EMBEDDED_KNOBS } from "../../../core/knobs.ts";
import { ORDERS_BYTES } from "./control.ts";

/**
 * Loaded before the program in every process of a round (`NODE_OPTIONS=--import …`), so that the product itself carries
 * nothing of it:
 *
 * - The wall clock is shifted by what the control file says. Monotonic time is left alone, as a step of a real clock does.
 * - Every SQLite connection gets the `max_page_count` that the control file says: a disk that is full, the same each time.
 *   It belongs to the connection and not to the file, hence from inside.
 * - Knobs are shrunk, so that leases end and workers count as dead within a round.
 */
const { CHAOS_CONTROL: path, CHAOS_KNOBS: knobs } = process.env;
if (path === undefined) throw new Error("Cannot feign anything: CHAOS_CONTROL is not set");

/** Reading costs microseconds, and a clock is read often. */
const READ_EVERY_MS = 5;
const LOOK_EVERY_MS = 50;
const NO_LIMIT = 4_294_967_294;

const file = openSync(path, "r");
const bytes = Buffer.alloc(ORDERS_BYTES);
let readAtMs = -Infinity;

function orders(): { readonly clockOffsetMs: number; readonly maxPages: number } {
  const nowMs = performance.now();
  if (nowMs - readAtMs >= READ_EVERY_MS) {
    readSync(file, bytes, 0, ORDERS_BYTES, 0);
    readAtMs = nowMs;
  }
  return { clockOffsetMs: bytes.readDoubleBE(0), maxPages: bytes.readDoubleBE(8) };
}

const realNowMs = Date.now;
Date.now = () => realNowMs() + orders().clockOffsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [target.now()] : args, newTarget) as object,
});

const sqlite = createRequire(import.meta.url)("node:sqlite") as typeof Sqlite;
const connections = new Set<WeakRef<InstanceType<typeof sqlite.DatabaseSync>>>();
let maxPages = 0;

sqlite.DatabaseSync = class extends sqlite.DatabaseSync {
  constructor(...args: ConstructorParameters<typeof sqlite.DatabaseSync>) {
    super(...args);
    connections.add(new WeakRef(this));
    if (orders().maxPages > 0) this.exec(`PRAGMA max_page_count = ${orders().maxPages}`);
  }
};
syncBuiltinESMExports();

setInterval(() => {
  if (orders().maxPages === maxPages) return;
  ({ maxPages } = orders());
  for (const reference of connections) {
    const connection = reference.deref();
    if (connection?.isOpen === true) connection.exec(`PRAGMA max_page_count = ${maxPages === 0 ? NO_LIMIT : maxPages}`);
    else connections.delete(reference);
  }
}, LOOK_EVERY_MS).unref();

if (knobs !== undefined) Object.assign(EMBEDDED_KNOBS, JSON.parse(knobs));
