import { PortError } from "../../core/ports/errors.ts";
import {
  MAX_BATCH_GET,
  MAX_BATCH_WRITE,
  type BatchWrite,
  type Body,
  type Expectation,
  type Key,
  type Query,
} from "../../core/ports/table.ts";

/** The Table port's rules, checked before anything is written. Each breach is a `PortError` with `INVALID`. */
export const MAX_KEY_BYTES = 1_024;
export const MAX_BODY_BYTES = 350 * 1_024;
export const MAX_PAGE = 1_000;

/** The longest UTF-8 form of one UTF-16 unit: strings below a third of a limit need not be measured. */
const MAX_BYTES_PER_UNIT = 3;

export function checkKey(key: Key): void {
  checkKeyPart("pk", key.pk);
  checkKeyPart("sk", key.sk);
}

export function checkKeyPart(name: string, text: string): void {
  if (text === "") throw new PortError("INVALID", `Cannot use an empty ${name}: keys are non-empty`);
  if (exceeds(text, MAX_KEY_BYTES)) {
    throw new PortError("INVALID", `Cannot use ${name} ${brief(text)}: keys have at most ${MAX_KEY_BYTES} bytes`);
  }
  if (!text.isWellFormed()) {
    throw new PortError("INVALID", `Cannot use ${name} ${brief(text)}: keys are well-formed Unicode`);
  }
}

export function checkExpectation(expect: Expectation): void {
  if (typeof expect === "string" || Number.isSafeInteger(expect)) return;
  throw new PortError("INVALID", `Cannot expect revision ${expect}: revisions are whole numbers`);
}

/** @returns the body as JSON */
export function serialise(key: Key, body: Body): string {
  if (Array.isArray(body))
    throw new PortError("INVALID", `Cannot write ${brief(key.sk)}: the body is a JSON object, not an array`);
  const text = JSON.stringify(body);
  if (exceeds(text, MAX_BODY_BYTES)) {
    const size = Buffer.byteLength(text);
    throw new PortError(
      "INVALID",
      `Cannot write ${brief(key.sk)}: the body has at most ${MAX_BODY_BYTES} bytes, not ${size}`,
    );
  }
  return text;
}

export function checkBatchGet(keys: readonly Key[]): void {
  if (keys.length > MAX_BATCH_GET) {
    throw new PortError("INVALID", `Cannot get ${keys.length} items: a batch has at most ${MAX_BATCH_GET}`);
  }
  checkDistinct(keys);
}

export function checkBatchWrite(writes: readonly BatchWrite[]): void {
  if (writes.length > MAX_BATCH_WRITE) {
    throw new PortError("INVALID", `Cannot write ${writes.length} items: a batch has at most ${MAX_BATCH_WRITE}`);
  }
  checkDistinct(writes.map((write) => ("put" in write ? write.put.key : write.delete)));
}

function checkDistinct(keys: readonly Key[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    checkKey(key);
    seen.add(`${key.pk.length}:${key.pk}${key.sk}`);
  }
  if (seen.size < keys.length) throw new PortError("INVALID", "Cannot name an item twice in one batch");
}

export function checkQuery({ pk, from, before, after, limit }: Query): void {
  checkKeyPart("pk", pk);
  if (from !== undefined) checkKeyPart("from", from);
  if (before !== undefined) checkKeyPart("before", before);
  if (after !== undefined) checkKeyPart("after", after);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new PortError("INVALID", `Cannot query with limit ${limit}: it is a whole number from 1 to ${MAX_PAGE}`);
  }
}

function exceeds(text: string, bytes: number): boolean {
  return text.length * MAX_BYTES_PER_UNIT > bytes && Buffer.byteLength(text) > bytes;
}

function brief(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
