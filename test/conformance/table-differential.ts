import { isDeepStrictEqual } from "node:util";
import { PortError } from "../../core/ports/errors.ts";
import type { BatchWrite, Expectation, Key, Query, Stored, Table, WriteResult } from "../../core/ports/table.ts";
import { uniqueName } from "../support/unique-name.ts";
import { RevisionTracks } from "./revision-tracks.ts";
import { shrink } from "./shrink.ts";
import {
  aHistory,
  type HistoryOptions,
  type Operation,
  PARTS,
  type Place,
  simplerOperations,
  textOf,
} from "./table-history.ts";
import { breakRule } from "./table-refusals.ts";

export type NamedTables = Readonly<Record<string, Table>>;

/** Where tables part. An answer has its revisions as they are judged: `right`, or what is wrong with them. */
export interface Difference {
  /** The operation's number in the history, from 0; at its end all items are listed. */
  readonly number: number;
  readonly operation: Operation;
  readonly answers: Readonly<Record<string, unknown>>;
}

/**
 * Holds tables to the same answers over one seeded history, and each to what the port promises of revisions. What may
 * differ, and nothing else, is left out of the comparison:
 * - where a query ends its pages, so that all of them are read: their items are compared, and that no page is too long;
 * - the order in which `batchGet` answers;
 * - which revision a put in a batch gives, as long as it is above those that the item had; single writes go on from there
 *   by ones in every table, and whoever wrote at the revision read succeeds in all or none;
 * - the messages of errors: their codes are compared.
 *
 * @throws {Error} at the first difference, with the shortest history found that still shows one
 */
export async function holdToSameAnswers(
  tables: NamedTables,
  { seed, ...options }: HistoryOptions & { readonly seed: number },
): Promise<void> {
  const history = aHistory(seed, options);
  const difference = await findDifference(tables, history);
  if (difference === undefined) return;
  const least = await shrinkHistory(tables, history.slice(0, difference.number + 1));
  throw new Error(report(seed, difference, { least, last: await findDifference(tables, least) }));
}

/** Plays a history on partitions of its own; `undefined` when all tables answer alike to the end. */
export async function findDifference(
  tables: NamedTables,
  history: readonly Operation[],
): Promise<Difference | undefined> {
  const run = new Run(tables);
  for (const [number, operation] of [...history, ...LIST_ALL].entries()) {
    const difference = await run.step(operation);
    if (difference !== undefined) return { number: Math.min(number, history.length), operation, ...difference };
  }
  return undefined;
}

/** The shortest history found that still shows a difference, though it may be another one. */
export function shrinkHistory(tables: NamedTables, history: readonly Operation[]): Promise<readonly Operation[]> {
  return shrink(history, {
    fails: async (fewer) => (await findDifference(tables, fewer)) !== undefined,
    simpler: simplerOperations,
  });
}

const LIST_ALL = Array.from({ length: PARTS }, (_, part): Operation => ({
  op: "query",
  part,
  range: { limit: 1_000 },
}));
const MAX_PAGES = 1_000;
const MAX_TRIES = 100;

/** An item in the words of a history. */
interface Seen {
  readonly at: Place;
  readonly body: object;
  readonly rev: string;
}

class Run {
  readonly #names: readonly string[];
  readonly #tables: readonly Table[];
  readonly #tracks: RevisionTracks;
  readonly #partitions: readonly string[];

  constructor(tables: NamedTables) {
    this.#names = Object.keys(tables);
    this.#tables = Object.values(tables);
    this.#tracks = new RevisionTracks(this.#tables.length);
    const name = uniqueName();
    // The second begins as the first does, and the third is as long as may be.
    this.#partitions = [name, `${name}a`, name.padEnd(1_024, "k")];
  }

  async step(operation: Operation): Promise<Pick<Difference, "answers"> | undefined> {
    const expectations = "expected" in operation ? this.#tracks.expectations(operation.at, operation.expected) : [];
    const results = await Promise.all(
      this.#tables.map((table, index) => settled(this.#call(table, operation, expectations[index] ?? "any"))),
    );
    const answers = results.map((result, index) => this.#answer(operation, index, result));
    const isSame = answers.every((answer) => isDeepStrictEqual(answer, answers[0]));
    if (!isSame || answers.some(hasFault)) {
      return { answers: Object.fromEntries(this.#names.map((name, index) => [name, answers[index]])) };
    }
    this.#follow(operation, results);
    return undefined;
  }

  #call(table: Table, operation: Operation, expect: Expectation): Promise<unknown> {
    switch (operation.op) {
      case "get":
        return table.get(this.#keyOf(operation.at));
      case "batchGet":
        return table.batchGet(operation.at.map((place) => this.#keyOf(place)));
      case "query":
        return allPages(table, { pk: this.#partitions[operation.part] ?? "", ...operation.range });
      case "put":
        return putAndForget(table, this.#keyOf(operation.at), { body: operation.body, expect });
      case "delete":
        return table.delete(this.#keyOf(operation.at), expect);
      case "batchWrite":
        return writeAll(
          table,
          operation.writes.map((write) =>
            "put" in write
              ? { put: { key: this.#keyOf(write.put), body: write.body } }
              : { delete: this.#keyOf(write.delete) },
          ),
        );
      case "refused":
        return breakRule(operation.rule, table, this.#keyOf(operation.at));
    }
  }

  /** What a table has answered, with all that may differ taken out. */
  #answer(operation: Operation, table: number, result: Settled): unknown {
    if ("error" in result) return errorOf(operation, result.error);
    if (operation.op === "refused") return { fault: "was not refused" };
    const { value } = result;
    switch (operation.op) {
      case "get":
        return this.#seen(value as Stored | undefined, table);
      case "batchGet":
        return (value as Stored[]).map((item) => this.#seen(item, table)).sort(byPlace);
      case "query":
        return (value as Stored[]).map((item) => this.#seen(item, table));
      case "put":
      case "delete":
        return this.#outcome(operation, table, value as WriteResult);
      case "batchWrite":
        return value;
    }
  }

  #outcome({ op, at }: Operation & { op: "put" | "delete" }, table: number, result: WriteResult): unknown {
    if (!result.ok) return { ok: false, current: this.#seen(result.current, table) };
    const { rev } = result;
    if (op === "put") return { ok: true, rev: judged(this.#tracks.faultOfPut(at, table, rev)) };
    // Of an absent item; that it was absent in all is seen in that all say so.
    if (rev === 0) return { ok: true, rev: "none" };
    return { ok: true, rev: judged(this.#tracks.fault(at, table, rev)) };
  }

  #seen(item: Stored | undefined, table: number): Seen | undefined {
    if (item === undefined) return undefined;
    const at = { part: this.#partitions.indexOf(item.key.pk), sk: item.key.sk };
    return { at, body: item.body, rev: judged(this.#tracks.fault(at, table, item.rev)) };
  }

  /** Keeps up with what all tables agree to have happened. */
  #follow(operation: Operation, results: readonly Settled[]): void {
    const [first] = results;
    if (first === undefined || "error" in first) return;
    if (operation.op === "batchWrite") {
      for (const write of operation.writes) {
        if ("put" in write) this.#tracks.put(write.put, []);
        else this.#tracks.removed(write.delete);
      }
    }
    if ((operation.op !== "put" && operation.op !== "delete") || !(first.value as WriteResult).ok) return;
    if (operation.op === "delete") return this.#tracks.removed(operation.at);
    const revs = results.map((result) => ("value" in result ? (result.value as { rev: number }).rev : undefined));
    this.#tracks.put(operation.at, revs);
  }

  #keyOf({ part, sk }: Place): Key {
    return { pk: this.#partitions[part] ?? "", sk };
  }
}

type Settled = { readonly value: unknown } | { readonly error: unknown };

function settled(promise: Promise<unknown>): Promise<Settled> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function errorOf(operation: Operation, error: unknown): unknown {
  if (!(error instanceof PortError)) return { fault: `no error of the port: ${String(error)}` };
  const isDue = operation.op === "refused" && error.code === "INVALID";
  return isDue ? { refused: error.code } : { fault: `${error.code}: ${error.message}` };
}

/** Whatever becomes of the body after the call, it was stored as it was then. */
function putAndForget(
  table: Table,
  key: Key,
  { body, expect }: { readonly body: object; readonly expect: Expectation },
): Promise<WriteResult> {
  const own: Record<string, unknown> = { ...body };
  const written = table.put(key, own, expect);
  own["changedAfterTheCall"] = true;
  return written;
}

/** @throws {Error} when a page breaks what the port promises of pages */
async function allPages(table: Table, query: Query): Promise<Stored[]> {
  const items: Stored[] = [];
  const seen = new Set<string>();
  let { after } = query;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await table.query({ ...query, ...(after === undefined ? {} : { after }) });
    if (page.items.length > query.limit) throw new Error(`a page of ${page.items.length} with limit ${query.limit}`);
    items.push(...page.items);
    after = page.next;
    if (after === undefined) return items;
    if (seen.has(after)) throw new Error(`pages that lead back to ${textOf(after)}`);
    seen.add(after);
  }
  throw new Error(`more than ${MAX_PAGES} pages`);
}

/** Writes again what was declined, until nothing is. */
async function writeAll(table: Table, writes: readonly BatchWrite[]): Promise<string> {
  let left = writes;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    left = await table.batchWrite(left);
    if (left.length === 0) return "written";
  }
  return `${left.length} declined ${MAX_TRIES} times`;
}

function judged(fault: string | undefined): string {
  return fault === undefined ? "right" : `${FAULT}${fault}`;
}

const FAULT = "wrong: ";

/** A fault counts even when all tables have it. */
function hasFault(answer: unknown): boolean {
  if (typeof answer !== "object" || answer === null) return false;
  if (Array.isArray(answer)) return answer.some(hasFault);
  const { fault, rev, current } = answer as { fault?: unknown; rev?: unknown; current?: unknown };
  return fault !== undefined || (typeof rev === "string" && rev.startsWith(FAULT)) || hasFault(current);
}

function byPlace(left: Seen | undefined, right: Seen | undefined): number {
  return JSON.stringify(left?.at) < JSON.stringify(right?.at) ? -1 : 1;
}

interface Shrunk {
  readonly least: readonly Operation[];
  readonly last: Difference | undefined;
}

function report(seed: number, { number, operation, answers }: Difference, { least, last }: Shrunk): string {
  return [
    `Tables differ with seed ${seed} at operation ${number}: ${textOf(operation)}`,
    ...linesOf(answers),
    last === undefined
      ? "The difference did not come back when the history was played again"
      : `The shortest history found with a difference has ${least.length} operations:`,
    ...(last === undefined ? [] : [...least.map((each, index) => `  ${index}. ${textOf(each)}`), ...lastOf(last)]),
  ].join("\n");
}

function lastOf({ number, operation, answers }: Difference): string[] {
  return [`  differs at ${number}: ${textOf(operation)}`, ...linesOf(answers)];
}

function linesOf(answers: Difference["answers"]): string[] {
  return Object.entries(answers).map(([name, answer]) => `    ${name}: ${textOf(answer)}`);
}
