import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseJobDefinition } from "../../../api/contract/job-definition.ts";
import { type CrontabOptions, importCrontab } from "../../../client/import/crontab.ts";
import { checkDefinition } from "../../../core/job/check-definition.ts";

const example = (name: string): string => readFileSync(new URL(`../../../examples/${name}`, import.meta.url), "utf8");
const user = (text: string, options: Partial<CrontabOptions> = {}) =>
  importCrontab(text, { format: "user", source: "test", timezone: "UTC", ...options });
const system = (text: string) => importCrontab(text, { format: "system", source: "test", timezone: "UTC" });
/** Notes about lines, as `line level: text`; notes about the whole file are left out. */
const notesOf = (result: ReturnType<typeof importCrontab>): string[] =>
  result.notes.filter(({ line }) => line > 0).map(({ line, level, text }) => `${line} ${level}: ${text}`);

describe("importCrontab, of examples/crontab.system", () => {
  const result = importCrontab(example("crontab.system"), { format: "system", source: "/etc/crontab" });

  it("makes a job of every entry but @reboot, named after what it runs", () => {
    expect(result.jobs.map(({ name, schedule }) => [name, schedule?.cron])).toEqual([
      ["run-parts-cron-hourly", "17 * * * *"],
      ["run-parts-cron-daily", "25 6 * * *"],
      ["run-parts-cron-weekly", "47 6 * * 7"],
      ["run-parts-cron-monthly", "52 6 1 * *"],
      ["certbot-renew", "0 */12 * * *"],
      ["debian-sa1", "5-55/10 * * * *"],
      ["debian-sa1-c1e23b", "59 23 * * *"],
      ["sessionclean", "09,39 * * * *"],
      ["checkarray", "57 0 * * 0"],
      ["e2scrub-all-cron", "30 3 * * 0"],
      ["e2scrub-all", "10 3 * * *"],
      ["cron", "*/5 * * * *"],
    ]);
  });

  it("keeps what cron does: the command in a shell, overlaps, no limit, no making up for", () => {
    expect(result.jobs[0]).toEqual({
      name: "run-parts-cron-hourly",
      labels: { "imported-from": "/etc/crontab", "cron-user": "root" },
      schedule: { cron: "17 * * * *" },
      executor: {
        type: "command",
        shell: true,
        script: "cd / && run-parts --report /etc/cron.hourly",
        environment: { PATH: "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin" },
      },
      misfire: { policy: "none" },
      overlap: "allow",
      timeouts: { run: "30d" },
    });
  });

  it("reads an escaped percent sign as a plain one", () => {
    expect(result.jobs[8]?.executor).toMatchObject({ script: expect.stringContaining("$(date +%d) -le 7") });
  });

  it("describes a job by the single comment line above it", () => {
    expect(result.jobs.map(({ description }) => description).slice(0, 6)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      "Renew certificates twice a day, at a random moment of the half day",
      "Activity reports every 10 minutes everyday",
    ]);
  });

  it("notes what acts differently, with its line", () => {
    expect(notesOf(result)).toEqual([
      `18 warning: cron runs this as "root", Carillon as the worker's own user; the label cron-user keeps the name`,
      "40 warning: Left out: @reboot runs when a machine starts, and a job does not belong to one machine; use that machine's service manager",
      `41 warning: cron runs this as "www-data", Carillon as the worker's own user; the label cron-user keeps the name`,
    ]);
  });

  it("warns once that no zone was given, and that the working folder differs", () => {
    const general = result.notes.filter(({ line, level }) => line === 0 && level === "warning");

    expect(general.map(({ text }) => text)).toEqual([
      "cron reads times in the machine's zone, and none was given: they are read as UTC",
      "cron starts commands in the user's home folder, Carillon in an empty one: relative paths need workingFolder",
    ]);
  });
});

describe("importCrontab, of examples/crontab.user", () => {
  const result = importCrontab(example("crontab.user"), { format: "user", source: "ana@db1" });

  it("runs commands by the crontab's own shell, from its home, with its variables", () => {
    expect(result.jobs[0]).toMatchObject({
      name: "pg-dump-shop",
      description: "Nightly dump of the shop database",
      schedule: { cron: "15 2 * * *", timezone: "Europe/Berlin" },
      executor: {
        argv: ["/bin/bash", "-c", "pg_dump -Fc shop > /var/backups/shop-$(date +%F).dump"],
        workingFolder: "/home/ana",
        environment: { HOME: "/home/ana", PATH: "/home/ana/bin:/usr/local/bin:/usr/bin:/bin" },
      },
    });
  });

  it("gives what follows an unescaped percent sign to standard input", () => {
    expect(result.jobs[4]).toMatchObject({
      name: "mail-team-example-org",
      executor: {
        argv: ["/bin/bash", "-c", 'mail -s "Stand-up" team@example.org'],
        stdin: "Good morning,\nthe stand-up starts at 8:45.\n",
      },
    });
  });

  it("lets variables hold for the entries below them", () => {
    expect(result.jobs.map(({ schedule }) => [schedule?.timezone, schedule?.jitter])).toEqual([
      ["Europe/Berlin", undefined],
      ["Europe/Berlin", undefined],
      ["Europe/Berlin", undefined],
      ["Europe/Berlin", undefined],
      ["Europe/Berlin", undefined],
      ["America/New_York", "10m"],
      ["America/New_York", "10m"],
    ]);
    expect(result.jobs[5]?.executor).toMatchObject({ environment: { BACKUP_TARGET: "s3://example-backups/db1" } });
    expect(result.jobs[4]?.executor).not.toHaveProperty("environment.BACKUP_TARGET");
  });

  it("notes what is left out and what acts differently", () => {
    expect(notesOf(result).map((note) => note.slice(0, 60))).toEqual([
      "5 warning: MAILTO is left out: no mail is sent; output is in",
      "9 info: Commands are run by /bin/bash, as SHELL says: worker",
      '14 info: An unescaped "%" ends the command, as in cron: what',
      "18 info: RANDOM_DELAY becomes jitter: each job keeps one del",
      "22 warning: One day field begins with '*': cron wants both d",
      "25 warning: Left out: @reboot runs when a machine starts, an",
      '26 error: Left out: Cannot read cron field minute: "61" is o',
    ]);
  });
});

describe("importCrontab", () => {
  it("makes definitions that the server accepts, with names that differ", () => {
    const jobs = ["system", "user"].flatMap((format) => {
      const options = { format: format === "system" ? "system" : "user", source: "test" } as const;
      return importCrontab(example(`crontab.${format}`), options).jobs;
    });

    for (const job of jobs) checkDefinition(parseJobDefinition(job), "default", { minIntervalMs: 1_000 });
    expect(new Set(jobs.map(({ name }) => name)).size).toBe(jobs.length);
  });

  it("keeps a job's name when lines are put above it", () => {
    const lines = "0 1 * * * sync a\n0 2 * * * sync a\n0 2 * * * sync a";
    const names = user(lines).jobs.map(({ name }) => name);
    const later = user(`5 5 * * * other\n${lines}`).jobs.map(({ name }) => name);

    expect(names).toEqual([
      "sync-a",
      expect.stringMatching(/^sync-a-[0-9a-f]{6}$/),
      expect.stringMatching(/^sync-a-[0-9a-f]{6}-2$/),
    ]);
    expect(later.slice(1)).toEqual(names);
  });

  it.each([
    ["A=1", { A: "1" }],
    ["  A = spaced out  ", { A: "spaced out" }],
    [`A=' kept '`, { A: " kept " }],
    [`"A"="x=y"`, { A: "x=y" }],
    ["A=", { A: "" }],
    ["A=a # b", { A: "a # b" }],
    ["A=$HOME/bin", { A: "$HOME/bin" }],
    ["TZ=Asia/Tokyo", { TZ: "Asia/Tokyo" }],
    ["A={{x}}", { A: "{{{{x}}" }],
  ])("reads the variable line %j", (line, environment) => {
    expect(user(`${line}\n* * * * * true`).jobs[0]?.executor).toMatchObject({ environment });
  });

  it.each([
    ["LD_PRELOAD=/x.so", "warning", "Variable LD_PRELOAD is left out: a job must not set it"],
    ["CRON_TZ=Mars/Phobos", "error", 'CRON_TZ is left out: "Mars/Phobos" is not a known time zone'],
    ["RANDOM_DELAY=soon", "error", 'RANDOM_DELAY is left out: it must be minutes from 0 to 1440; got "soon"'],
  ])("leaves the variable line %j out", (line, level, text) => {
    const result = user(`${line}\n0 6 * * * true`);

    expect(result.notes).toContainEqual({ line: 1, level, text });
    expect(result.jobs[0]).toMatchObject({ schedule: { cron: "0 6 * * *", timezone: "UTC" } });
    expect(result.jobs[0]?.executor).not.toHaveProperty("environment");
  });

  it("goes back to the machine's zone when CRON_TZ is emptied", () => {
    const { jobs } = user("CRON_TZ=Asia/Tokyo\n0 1 * * * a\nCRON_TZ=\n0 1 * * * b", { timezone: "Europe/Paris" });

    expect(jobs.map(({ schedule }) => schedule?.timezone)).toEqual(["Asia/Tokyo", "Europe/Paris"]);
  });

  it.each(["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"])(
    "takes the macro %s",
    (macro) => {
      expect(user(`${macro} true`).jobs[0]?.schedule?.cron).toBe(macro);
    },
  );

  it.each([
    ["* * * *", "a line must have five time fields and a command"],
    ["* * * * *", "the line has no command"],
    ["@fortnightly true", "macro"],
    ["0 25 * * * true", "hour"],
    ["0~30 * * * * true", "U+007E"],
    ["hello", "five time fields"],
  ])("leaves %j out, and says why", (line, reason) => {
    const { jobs, notes } = user(`# first\n${line}`);

    expect(jobs).toEqual([]);
    expect(notes).toEqual([{ line: 2, level: "error", text: expect.stringContaining(reason) }]);
  });

  it("tells a user crontab from a system crontab", () => {
    expect(notesOf(system("0 * * * * /usr/bin/backup"))).toEqual([
      '1 error: Left out: the field after the time must be a user in a system crontab; got "/usr/bin/backup"',
    ]);
    expect(notesOf(user("0 * * * * root backup"))).toEqual([
      "1 warning: The command begins with the name of a user: a system crontab is read with format system",
    ]);
  });

  it("warns of the percent sign that its author forgot to escape", () => {
    const { jobs, notes } = user("0 3 * * * dump > $(date +%F).sql");

    expect(jobs[0]?.executor).toMatchObject({ script: "dump > $(date +", stdin: "F).sql\n" });
    expect(notes).toContainEqual({ line: 1, level: "warning", text: expect.stringContaining('unescaped "%"') });
  });

  it("keeps braces that would begin a macro as plain text", () => {
    expect(user("0 3 * * * docker ps --format '{{.Names}}'").jobs[0]?.executor).toMatchObject({
      script: "docker ps --format '{{{{.Names}}'",
    });
  });

  it("reads lines with leading blanks, CRLF and the mark that silences the log", () => {
    expect(user("  -*/15\t*  * * *\ttrue --all\r\n").jobs[0]).toMatchObject({
      schedule: { cron: "*/15 * * * *" },
      executor: { script: "true --all" },
    });
  });

  it("writes notes that can do nothing to a terminal", () => {
    const { notes } = user(`CRON_TZ=\u001B[2J${"x".repeat(1_000)}`);

    expect(notes[0]?.text).toContain(String.raw`"\u001b[2Jxx`);
    expect(notes[0]?.text.length).toBeLessThan(600);
  });

  it("finds nothing in an empty text", () => {
    expect(user("\n# nothing\n")).toEqual({ jobs: [], paused: [], notes: [] });
  });
});
