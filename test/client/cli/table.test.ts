import { expect, it } from "vitest";
import { pairs, table } from "../../../client/cli/table.ts";

it("table() aligns columns, numbers to the right, and shows what is missing as a dash", () => {
  const text = table(
    ["JOB", "VERSION", "NEXT"],
    [
      ["a", 1, undefined],
      ["långt-namn 🎉", 12, "now"],
    ],
  );

  expect(text).toBe(
    ["JOB           VERSION  NEXT", "a                   1  -", "långt-namn 🎉       12  now", ""].join("\n"),
  );
});

it("table() keeps a row in one line whatever its cells hold", () => {
  expect(table(["A"], [["x\n\u001b[2Jforged"]])).toBe("A\nx forged\n");
});

it("pairs() leaves out what has no value", () => {
  expect(pairs({ job: "report", note: undefined, version: 3 })).toBe("job:      report\nversion:  3\n");
});
