import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { DIFFERS, ELSEWHERE, JOINS } from "./catalogue.ts";
import { type Id, IDS } from "./ids.ts";
import { ROWS } from "./rows.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = "test/bad-input";

/** Ids that a test in this folder bears: `"B5: a client …"` in a title, or `["B5", …]` as a row of its table. */
function idsOfTests(): ReadonlySet<string> {
  const files = readdirSync(join(ROOT, HERE)).filter((name) => name.endsWith(".test.ts"));
  const texts = files.map((name) => readFileSync(join(ROOT, HERE, name), "utf8"));
  const found = texts.flatMap((text) =>
    [...text.matchAll(/\["(B\d+)", |"(B\d+): /g)].map(([, row, title]) => row ?? title),
  );
  return new Set(found.filter((id) => id !== undefined));
}

const inTables = new Set<string>(ROWS.flatMap(([, rows]) => rows.map(([id]) => id)));
const inTests = idsOfTests();
const isTested = (id: Id) => inTables.has(id) || inTests.has(id) || (ELSEWHERE[id] ?? []).length > 0;

it.each(IDS)("%s is tested, or joins with its feature", (id) => {
  expect([isTested(id), JOINS[id] !== undefined]).toSatisfy(([tested, joins]: boolean[]) => tested !== joins);
});

it("knows no row that the catalogue has not, and none that differs without a test", () => {
  const known = new Set<string>(IDS);
  const named = [...inTables, ...inTests, ...[ELSEWHERE, JOINS, DIFFERS].flatMap((map) => Object.keys(map))];

  expect(named.filter((id) => !known.has(id))).toEqual([]);
  expect((Object.keys(DIFFERS) as Id[]).filter((id) => !isTested(id))).toEqual([]);
});

const carriers = Object.entries(ELSEWHERE).flatMap(([id, all = []]) => all.map((carrier) => ({ id, ...carrier })));

it.each(carriers)("$id is tested in $file: $title", ({ file, title }) => {
  expect(readFileSync(join(ROOT, file), "utf8")).toContain(title);
});
