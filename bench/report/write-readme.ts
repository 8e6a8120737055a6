import { readFileSync, writeFileSync } from "node:fs";

const BEGIN = "<!-- results: begin -->";
const END = "<!-- results: end -->";

/** Puts results between the two markers of a Markdown file, in place of what stands there. */
export function writeReadme(path: string, results: string): void {
  const text = readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`Cannot write results to ${path}: the markers ${BEGIN}, ${END} are missing`);
  writeFileSync(path, `${text.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${text.slice(end)}`);
}
