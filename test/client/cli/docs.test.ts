import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { Actions } from "../../../client/cli/command-action.ts";
import { EXIT_CODES } from "../../../client/cli/exit-code.ts";
import { buildProgram } from "../../../client/cli/program.ts";
import { ioOf } from "./run-cli.ts";

const PAGE = readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8");

/** Full names of the commands that do something, such as `carillon jobs list`. */
function namesOf(command: Command, prefix = ""): string[] {
  const name = prefix === "" ? command.name() : `${prefix} ${command.name()}`;
  return command.commands.length === 0 ? [name] : command.commands.flatMap((child) => namesOf(child, name));
}

it("docs/cli.md lists every command, and no other", () => {
  const documented = [...PAGE.matchAll(/^\| `(carillon[a-z0-9 ]*[a-z0-9])/gm)].map(([, name]) => name);

  const program = buildProgram(new Actions(ioOf({}, () => undefined)));

  expect(new Set(documented)).toEqual(new Set(namesOf(program)));
});

it("docs/cli.md lists every exit code", () => {
  const documented = [...PAGE.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));

  expect(documented).toEqual(Object.values(EXIT_CODES));
});
