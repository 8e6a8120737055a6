import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { RE2JS } from "re2js";
import { wallTime } from "../run/macro-slot.ts";
import { readInstant } from "../schedule/instant.ts";

/**
 * The language of expressions: CEL, with three differences.
 *
 * - `matches` is RE2, as the language demands; the library would use the platform's backtracking patterns.
 * - Readings of the clock in a zone, and timestamps without an offset, do not depend on the zone of the machine.
 * - `+ - * /` take an `int` and a `double` together, since JSON does not tell 1 from 1.0.
 *
 * The library has its own functions of these names and lets none be replaced. The names are therefore written anew in
 * the text, with a capital letter, which leaves all positions as they were.
 */
const TIMESTAMP = "google.protobuf.Timestamp";
/** Far above what a person writes, far below what could keep a server busy. */
const LIMITS = { maxAstNodes: 250, maxDepth: 40, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 8 };

type Reading = (atMs: number, zone: string) => number;

const READINGS: Readonly<Record<string, Reading>> = {
  getFullYear: (atMs, zone) => wallTime(atMs, zone).year,
  getMonth: (atMs, zone) => wallTime(atMs, zone).month - 1,
  getDate: (atMs, zone) => wallTime(atMs, zone).day,
  getDayOfMonth: (atMs, zone) => wallTime(atMs, zone).day - 1,
  getDayOfWeek: (atMs, zone) => new Date(wallDayMs(atMs, zone)).getUTCDay(),
  getDayOfYear: (atMs, zone) => (wallDayMs(atMs, zone) - Date.UTC(wallTime(atMs, zone).year, 0, 1)) / 86_400_000,
  getHours: (atMs, zone) => wallTime(atMs, zone).hour,
  getMinutes: (atMs, zone) => wallTime(atMs, zone).minute,
  getSeconds: (atMs, zone) => wallTime(atMs, zone).second,
  getMilliseconds: (atMs, zone) => wallTime(atMs, zone).millisecond,
};

function wallDayMs(atMs: number, zone: string): number {
  const { year, month, day } = wallTime(atMs, zone);
  return Date.UTC(year, month - 1, day);
}

/** What an expression may name besides what all may. */
export interface CelPlace {
  /** `item` and `index` */
  readonly insideMap: boolean;
  /** `failures`: the main steps have ended. @default false */
  readonly afterMain?: boolean;
}

const plain = createEnvironment();
const afterMains = plain.clone().registerVariable("failures", "list<map<string, string>>");
const insideMaps = ofItems(plain);
const insideMapsAfterMain = ofItems(afterMains);

function ofItems(environment: Environment): Environment {
  return environment.clone().registerVariable("item", "dyn").registerVariable("index", "int");
}

export function celEnvironment({ insideMap, afterMain = false }: CelPlace): Environment {
  if (insideMap) return afterMain ? insideMapsAfterMain : insideMaps;
  return afterMain ? afterMains : plain;
}

function createEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS })
    .registerVariable("parameters", "map<string, dyn>")
    .registerVariable("steps", "map<string, dyn>")
    .registerVariable("slot", TIMESTAMP)
    .registerVariable("run", "string")
    .registerFunction("string.Matches(string): bool", (text: string, pattern: string) => compiled(pattern).test(text))
    .registerFunction(`Timestamp(string): ${TIMESTAMP}`, (text: string) => new Date(readInstant(text, "/timestamp")))
    .registerFunction(`Timestamp(int): ${TIMESTAMP}`, (seconds: bigint) => new Date(Number(seconds) * 1_000))
    .registerFunction(`string(${TIMESTAMP}): string`, (at: Date) => at.toISOString());
  for (const [name, read] of Object.entries(READINGS)) {
    const signature = `${TIMESTAMP}.${capital(name)}`;
    environment
      .registerFunction(`${signature}(): int`, (at: Date) => BigInt(read(at.getTime(), "UTC")))
      .registerFunction(`${signature}(string): int`, (at: Date, zone: string) => BigInt(read(at.getTime(), zone)));
  }
  for (const [left, right] of [
    ["int", "double"],
    ["double", "int"],
  ] as const) {
    type Side = bigint | number;
    environment
      .registerOperator(`${left} + ${right}: double`, (a: Side, b: Side) => Number(a) + Number(b))
      .registerOperator(`${left} - ${right}: double`, (a: Side, b: Side) => Number(a) - Number(b))
      .registerOperator(`${left} * ${right}: double`, (a: Side, b: Side) => Number(a) * Number(b))
      .registerOperator(`${left} / ${right}: double`, (a: Side, b: Side) => Number(a) / Number(b));
  }
  return environment;
}

const MAX_PATTERNS = 200;
const patterns = new Map<string, { test(text: string): boolean }>();

function compiled(pattern: string): { test(text: string): boolean } {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const re = RE2JS.compile(pattern);
  const made = { test: (text: string) => re.matcher(text).find() };
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(pattern, made);
  return made;
}

/**
 * The name by which the environment knows a function that stands for one of the library's, or `undefined` when the
 * library's own is meant.
 */
export function ownFunction(node: ASTNode): string | undefined {
  if (node.op === "call") return node.args[0] === "timestamp" ? "Timestamp" : undefined;
  if (node.op !== "rcall") return undefined;
  const [name, , args] = node.args;
  // Without a zone they read UTC in the library too, and durations have four of the names.
  const isOwn = name === "matches" || (Object.hasOwn(READINGS, name) && (args.length === 1 || name === "getDayOfYear"));
  return isOwn ? capital(name) : undefined;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A message of the library with the functions called as their authors call them. */
export function authorsNames(message: string): string {
  return message.replace(
    /\b(?:Matches|Timestamp|Get[A-Z]\w+)(?=\()/g,
    (name) => name.charAt(0).toLowerCase() + name.slice(1),
  );
}
