import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PAGE = readFileSync(new URL("../../docs/deploy.md", import.meta.url), "utf8");

/** The block of commands that holds `text`. */
function commandsWith(text: string): string {
  const blocks = [...PAGE.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = ""]) => block);
  const [found = "", ...others] = blocks.filter((block) => block.includes(text));
  expect(others).toEqual([]);
  return found;
}

/** Runs commands with an `aws` that tells what it was called with, and finds `arns`. */
function callsOf(commands: string, arns: readonly string[]): readonly string[] {
  const folder = temporaryFolder();
  const calls = join(folder, "calls");
  writeFileSync(calls, "");
  const script = [
    "#!/bin/sh",
    `echo "$*" >> '${calls}'`,
    `case "$1" in resourcegroupstaggingapi) printf '%s\\t' ${arns.join(" ")} ;; esac`,
  ];
  writeFileSync(join(folder, "aws"), script.join("\n"), { mode: 0o755 });
  execFileSync("bash", ["-eu", "-c", commands], {
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
  });
  return readFileSync(calls, "utf8").trim().split("\n");
}

describe("docs/deploy.md removes state machines", () => {
  const commands = commandsWith("delete-state-machine");
  const FOUND =
    "resourcegroupstaggingapi get-resources --resource-type-filters states:stateMachine " +
    "--tag-filters Key=carillon:installation,Values=carillon --query ResourceTagMappingList[].ResourceARN --output text";

  it("by the tag of the installation, one by one", () => {
    expect(callsOf(commands, ["arn:a", "arn:b"])).toEqual([
      FOUND,
      "stepfunctions delete-state-machine --state-machine-arn arn:a",
      "stepfunctions delete-state-machine --state-machine-arn arn:b",
    ]);
  });

  it("and does nothing where there are none", () => {
    expect(callsOf(commands, [])).toEqual([FOUND]);
  });
});
