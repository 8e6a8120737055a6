import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith } from "./folder-with.ts";
import { openLocalServer } from "./local-server.ts";
import { answered, refused, runCli, scripted } from "./run-cli.ts";

const EXECUTOR = "executor: { type: command, argv: [date] }";
const REPORT = `name: report\nschedule: { cron: "0 2 * * *" }\n${EXECUTOR}\n`;
const BACKUP = `name: backup\nschedule: { every: 1h }\n${EXECUTOR}\n`;

describe("apply", () => {
  it("creates, updates and leaves jobs as their files say", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ "jobs.yaml": `${REPORT}---\n${BACKUP}`, "changed.yaml": REPORT.replace("0 2", "0 3") });

    const first = await cli(["apply", "-f", "jobs.yaml", "--json"], { cwd });
    const second = await cli(["apply", "-f", "changed.yaml", "-f", "jobs.yaml", "--json"], { cwd });
    const third = await cli(["apply", "-f", "changed.yaml", "--json"], { cwd });
    const fourth = await cli(["apply", "-f", "changed.yaml", "--json"], { cwd });

    expect(first).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(first.stdout)).toMatchObject({
      jobs: [
        { name: "report", action: "created", version: 1 },
        { name: "backup", action: "created", version: 1 },
      ],
    });
    expect(second.exitCode).toBe(2);
    expect(JSON.parse(second.stderr)).toMatchObject({
      detail: 'Job "report" is defined twice, first at changed.yaml:1:1',
    });
    expect(JSON.parse(third.stdout)).toMatchObject({ jobs: [{ name: "report", action: "updated", version: 2 }] });
    expect(JSON.parse(fourth.stdout)).toMatchObject({ jobs: [{ name: "report", action: "unchanged", version: 2 }] });
  });

  it("reads folders at any depth, JSON and standard input", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({
      "jobs/b.yml": BACKUP,
      "jobs/deep/c.json": JSON.stringify({ name: "c", executor: { type: "command", argv: ["date"] } }),
      "jobs/.hidden.yaml": "name: hidden",
      "jobs/notes.txt": "not a job",
    });

    const { stdout, exitCode } = await cli(["apply", "-f", "jobs", "-f", "-"], { cwd, stdin: REPORT });

    expect(exitCode).toBe(0);
    expect(stdout.split("\n").map((line) => line.split(/ +/).slice(0, 2).join(" "))).toEqual([
      "JOB ACTION",
      "backup created",
      "c created",
      "report created",
      "",
    ]);
  });

  it("sends nothing when any file has a fault, and tells all faults with their places", async () => {
    const server = scripted({});
    const cwd = folderWith({
      "a.yaml": `${REPORT}---\nname: Bad Name\nschedule:\n  crn: x\n${EXECUTOR}\n`,
      "b.json": '{"name": "b", "name": "c"}',
    });

    const shapes = await runCli(["apply", "-f", "a.yaml"], { ...server, cwd });
    const syntax = await runCli(["apply", "-f", "b.json"], { ...server, cwd });

    expect(shapes.exitCode).toBe(2);
    expect(shapes.stdout).toBe("");
    expect(shapes.stderr).toMatch(/^error\[validation-failed\]: .*\(and 1 more error\)\n/);
    expect(shapes.stderr).toContain("\n  a.yaml:5:1 /name: ");
    expect(shapes.stderr).toMatch(/\n {2}a\.yaml:7:3 \/schedule\/crn: .*did you mean "cron"/);
    expect(syntax.exitCode).toBe(2);
    expect(syntax.stderr).toMatch(/^error\[json-duplicate-key\]: .*\n {2}b\.json \/name\n$/);
    expect(server.sent).toHaveLength(0);
  });

  it("defines the others when the server refuses one, whose fault is told with its place", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ "jobs.yaml": `${REPORT.replace("0 2", "0 25")}---\n${BACKUP}` });

    const { exitCode, stdout, stderr } = await cli(["apply", "-f", "jobs.yaml"], { cwd });

    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^JOB .*\nreport +failed +- +-\nbackup +created +1 /);
    expect(stderr).toMatch(/^error\[cron-out-of-range\]: .*"25".*\n {2}jobs\.yaml:2:13 \/schedule\/cron\n/);
  });

  it("does not overwrite what another has changed meanwhile", async () => {
    const conflict = refused("version-conflict", 'Cannot change job "report" at version 3: it is at version 4');
    const server = scripted({
      "GET /v1/namespaces/default/jobs/report": answered({ name: "report", version: 3 }),
      "PUT /v1/namespaces/default/jobs/report": conflict,
    });
    const cwd = folderWith({ "jobs.yaml": REPORT });

    const { exitCode, stderr } = await runCli(["apply", "-f", "jobs.yaml"], { ...server, cwd });

    expect(exitCode).toBe(5);
    expect(stderr).toContain("error[version-conflict]");
    expect(server.sent[1]?.headers).toMatchObject({ "if-match": '"3"' });
  });

  it("stops at once when the token does not reach", async () => {
    const server = scripted({ "GET /v1/namespaces/default/jobs/report": refused("forbidden", "No") });
    const cwd = folderWith({ "jobs.yaml": `${REPORT}---\n${BACKUP}` });

    expect(await runCli(["apply", "-f", "jobs.yaml"], { ...server, cwd })).toMatchObject({ exitCode: 3, stdout: "" });
    expect(server.sent).toHaveLength(1);
  });

  it("tells warnings beside the result", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ "jobs.yaml": REPORT.replace("0 2 * * *", "0 0 1 1 1") });

    const loud = await cli(["apply", "-f", "jobs.yaml"], { cwd });
    const quiet = await cli(["apply", "-f", "jobs.yaml", "--quiet"], { cwd });

    expect(loud.stderr).toContain("warning[cron-dom-dow-or]: report: ");
    expect(quiet).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

describe("a file that can't be read", () => {
  it.each([
    ["missing.yaml", "Cannot read missing.yaml: there is no such file"],
    ["empty.yaml", "Cannot read empty.yaml: there is no definition"],
    ["empty", "Cannot read empty: there is no definition"],
    ["-", "Cannot read standard input: it is empty"],
    ["/dev/zero", "Cannot read /dev/zero: it must be at most 1048576 bytes"],
    ["latin1.yaml", "Line 1: the text must be UTF-8"],
  ])("%s ends with 2 and says why", async (file, message) => {
    const cwd = folderWith({ "empty.yaml": "---\n" });
    mkdirSync(join(cwd, "empty"));
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(cwd, "latin1.yaml"), Buffer.from([0xe9]));

    const { exitCode, stdout, stderr } = await runCli(["apply", "-f", file], { cwd });

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr.split("\n")[0]).toMatch(/^error\[[a-z-]+\]: /);
    expect(stderr).toContain(message);
  });
});

describe("plan", () => {
  it("tells the fields that change and the slots gained and lost, and changes nothing", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({
      "old.yaml": `${REPORT}---\n${BACKUP}`,
      "new.yaml": `${REPORT.replace("0 2", "0 3")}---\n${BACKUP}`,
    });
    await cli(["apply", "-f", "old.yaml"], { cwd });

    const plan = await cli(["plan", "-f", "new.yaml", "-f", "-"], { cwd, stdin: REPORT.replace("report", "fresh") });
    const again = await cli(["plan", "-f", "old.yaml", "--exit-code"], { cwd });

    expect(plan.exitCode).toBe(0);
    expect(plan.stdout).toContain('~ report (changed, version 1)\n    /schedule/cron: "0 2 * * *" → "0 3 * * *"\n');
    expect(plan.stdout).toMatch(/\n {4}slots gained: \d{4}-\d\d-\d\d 03:00:00Z, .* … \(\d+ of the next 50\)\n/);
    expect(plan.stdout).toMatch(/\n {4}slots lost: \d{4}-\d\d-\d\d 02:00:00Z, /);
    expect(plan.stdout).toContain("\n= backup (unchanged, version 1)\n");
    expect(plan.stdout).toContain("\n+ fresh (new)\n");
    expect(plan.stdout).toMatch(/\nPlan: 1 to create, 1 to update, 1 unchanged\n$/);
    expect(again).toMatchObject({ exitCode: 0 });
  });

  it("ends with 10 when there are changes and --exit-code asks for it", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ "jobs.yaml": REPORT });

    const { exitCode, stdout } = await cli(["plan", "-f", "jobs.yaml", "--exit-code", "--json"], { cwd });

    expect(exitCode).toBe(10);
    expect(JSON.parse(stdout)).toMatchObject({ changes: [{ name: "report", action: "create" }] });
  });

  it("tells the place of a fault that only the server sees", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ "jobs.yaml": `${BACKUP}---\n${REPORT.replace("0 2", "0 25")}` });

    const { exitCode, stderr } = await cli(["plan", "-f", "jobs.yaml"], { cwd });

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error\[cron-out-of-range\]: .*\n {2}jobs\.yaml:6:13 \/schedule\/cron\n/);
  });
});
