import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith } from "./folder-with.ts";
import { openLocalServer } from "./local-server.ts";
import { runCli } from "./run-cli.ts";

const CRONTAB = "CRON_TZ=Europe/Berlin\n# Nightly dump\n15 2 * * * pg_dump shop\n";
const K8S = `apiVersion: batch/v1
kind: CronJob
metadata: { name: cleanup }
spec:
  schedule: "0 3 * * *"
  timeZone: Europe/Berlin
  suspend: true
  jobTemplate:
    spec:
      template:
        spec:
          containers: [{ name: main, image: busybox, command: [echo, hello] }]
`;

describe("import crontab", () => {
  it("prints definitions that apply takes, and notes beside them", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ crontab: CRONTAB });

    const imported = await cli(["import", "crontab", "crontab"], { cwd });
    const applied = await cli(["apply", "-f", "-", "--json"], { stdin: imported.stdout });

    expect(imported.exitCode).toBe(0);
    expect(imported.stdout).toContain("\ndescription: Nightly dump\n");
    expect(applied).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(applied.stdout)).toMatchObject({ jobs: [{ action: "created" }] });
  });

  it("reads the user column with --system only", async () => {
    const stdin = "17 * * * * root run-parts /etc/cron.hourly\n";

    const system = await runCli(["import", "crontab", "-", "--system", "--timezone", "UTC", "--json"], { stdin });
    const user = await runCli(["import", "crontab", "-", "--timezone", "UTC", "--json"], { stdin });

    expect(JSON.parse(system.stdout)).toMatchObject({
      jobs: [{ labels: { "cron-user": "root" }, executor: { script: "run-parts /etc/cron.hourly" } }],
    });
    expect(JSON.parse(user.stdout)).toMatchObject({
      jobs: [{ executor: { script: "root run-parts /etc/cron.hourly" } }],
    });
  });

  it("says what was left out, with its line, and ends with 2", async () => {
    const cwd = folderWith({ crontab: `${CRONTAB}61 * * * * never\n` });

    const { exitCode, stdout, stderr } = await runCli(["import", "crontab", "crontab"], { cwd });

    expect(exitCode).toBe(2);
    expect(stdout).toContain("pg_dump shop");
    expect(stderr).toMatch(/(^|\n)crontab:4: error: Left out: .*61/);
  });

  it("applies a crontab with a fault only when a part of it will do", async () => {
    const { cli } = await openLocalServer();
    const cwd = folderWith({ crontab: `${CRONTAB}61 * * * * never\n` });

    const whole = await cli(["import", "crontab", "crontab", "--apply"], { cwd });
    const before = await cli(["jobs", "list", "-q"]);
    const part = await cli(["import", "crontab", "crontab", "--apply", "--partial"], { cwd });
    const after = await cli(["jobs", "list", "-q"]);

    expect(whole.stderr).toContain("error[import-incomplete]");
    expect([whole.exitCode, before.stdout]).toEqual([2, ""]);
    expect(part.stdout).toMatch(/ created /);
    expect(after.stdout).not.toBe("");
  });

  it("writes a new file and never over another", async () => {
    const cwd = folderWith({ crontab: CRONTAB, "there.yaml": "mine" });

    const written = await runCli(["import", "crontab", "crontab", "--output", "new.yaml"], { cwd });
    const refused = await runCli(["import", "crontab", "crontab", "--output", "there.yaml"], { cwd });

    expect(written.stdout).toBe("Wrote 1 definitions to new.yaml\n");
    expect(readFileSync(join(cwd, "new.yaml"), "utf8")).toContain("pg_dump shop");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("error[file-unwritable]: Cannot write there.yaml: it exists already");
    expect(readFileSync(join(cwd, "there.yaml"), "utf8")).toBe("mine");
  });
});

describe("import k8s", () => {
  it("defines jobs of several files and pauses those that were suspended", async () => {
    const { cli } = await openLocalServer();
    const other = K8S.replace("cleanup", "report").replace("suspend: true", "suspend: false");
    const cwd = folderWith({ "a.yaml": K8S, "b.yaml": other });

    const { stderr } = await cli(["import", "k8s", "a.yaml", "b.yaml", "--apply", "--partial"], { cwd });
    const paused = await cli(["jobs", "list", "--state", "paused", "-q"]);
    const active = await cli(["jobs", "list", "--state", "active", "-q"]);

    expect([paused.stdout, active.stdout]).toEqual(["cleanup\n", "report\n"]);
    expect(stderr).toContain("Paused job cleanup, as it was suspended in the source\n");
  });

  it("refuses what is not YAML, with its place", async () => {
    const cwd = folderWith({ "a.yaml": "kind: CronJob\nkind: Job\n" });

    const { exitCode, stderr } = await runCli(["import", "k8s", "a.yaml"], { cwd });

    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error\[yaml-duplicate-key\]: a\.yaml:2:1: /);
  });
});
