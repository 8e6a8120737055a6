import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importK8sCronJobs, type K8sOptions } from "../../../client/import/k8s.ts";
import { checkDefinition } from "../../../core/job/check-definition.ts";

const FOLDER = new URL("../../../examples/k8s/", import.meta.url);
const example = (file: string) => importK8sCronJobs(readFileSync(new URL(file, FOLDER), "utf8"), { source: file });

interface Parts {
  readonly spec?: object;
  readonly job?: object;
  readonly pod?: object;
  readonly container?: object;
  readonly metadata?: object;
}

/** A CronJob that is complete, with some of its parts changed. YAML reads JSON. */
function cronJob({ spec, job, pod, container, metadata }: Parts): string {
  const containers = [{ name: "main", command: ["run"], ...container }];
  return JSON.stringify({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name: "nightly", ...metadata },
    spec: {
      schedule: "0 1 * * *",
      timeZone: "UTC",
      jobTemplate: { spec: { backoffLimit: 0, ...job, template: { spec: { containers, ...pod } } } },
      ...spec,
    },
  });
}

const read = (parts: Parts, options: Partial<K8sOptions> = {}) =>
  importK8sCronJobs(cronJob(parts), { source: "test.yaml", ...options });
const jobOf = (parts: Parts) => read(parts).jobs[0];
const timezoneOf = (spec: object) => read({ spec }, { timezone: "Europe/Paris" }).jobs[0]?.schedule?.timezone;
const textsOf = (parts: Parts) => read(parts).notes.map(({ level, text }) => `${level}: ${text}`);

describe("importK8sCronJobs, of examples/k8s", () => {
  it("takes over the database backup", () => {
    const { jobs, paused, notes } = example("db-backup.yaml");

    expect(jobs).toEqual([
      {
        name: "orders-db-backup",
        labels: {
          "app.kubernetes.io/name": "orders-db-backup",
          team: "platform",
          "imported-from": "db-backup.yaml",
          "k8s-namespace": "shop",
          "k8s-image": "registry.example.org/tools/pg:17",
        },
        schedule: { cron: "30 2 * * *", timezone: "Europe/Berlin" },
        executor: {
          type: "command",
          argv: [
            "/usr/local/bin/dump-database",
            "--database",
            "orders",
            "--target",
            "s3://example-backups/orders",
            "--price",
            "$(FREE)",
          ],
          environment: { DATABASE: "orders", BUCKET: "s3://example-backups" },
          limits: { memoryMb: 512 },
        },
        misfire: { maxLateness: "30m" },
        overlap: "skip",
        retry: { maxAttempts: 3, backoff: { initial: "10s", max: "6m", jitter: "none" } },
        timeouts: { run: "90m", grace: "1m" },
      },
    ]);
    expect(paused).toEqual([]);
    expect(notes.map(({ line, level }) => [line, level])).toEqual([
      [10, "warning"],
      [20, "info"],
      [27, "warning"],
      [27, "warning"],
    ]);
    expect(notes[0]?.text).toBe(
      "orders-db-backup: without an equivalent, left out: serviceAccountName, volumes, volumeMounts",
    );
    expect(notes[2]?.text).toBe(
      "orders-db-backup: Variable PGPASSWORD is left out: its value comes from the cluster (valueFrom)",
    );
    expect(notes[3]?.text).toContain("not in image registry.example.org/tools/pg:17");
  });

  it("lists the suspended report as paused", () => {
    const { jobs, paused } = example("report.yaml");

    expect(paused).toEqual(["revenue-report"]);
    expect(jobs[0]).toMatchObject({
      schedule: { cron: "0 6 1 * *", timezone: "Asia/Shanghai" },
      executor: {
        argv: ["node", "report.js", "--month", "previous"],
        workingFolder: "/app",
        environment: { LOCALE: "zh-CN" },
      },
      overlap: "allow",
      retry: { maxAttempts: 7 },
    });
  });

  it("reads the items of a List, and leaves other kinds out", () => {
    const { jobs, notes } = example("cleanup.yaml");

    expect(jobs.map(({ name, schedule, overlap }) => ({ name, schedule, overlap }))).toEqual([
      { name: "purge-carts", schedule: { cron: "*/15 * * * *" }, overlap: "cancelPrevious" },
      { name: "purge-sessions", schedule: { every: "90s" }, overlap: "cancelPrevious" },
    ]);
    expect(jobs[0]).not.toHaveProperty("retry");
    expect(notes).toContainEqual({ line: 42, level: "info", text: 'Left out: kind "ConfigMap" is not a CronJob' });
  });

  it("leaves out what has no equivalent, and says why", () => {
    const { jobs, notes } = example("sidecar.yaml");

    expect(jobs).toEqual([]);
    expect(notes.map(({ line, level, text }) => `${line} ${level}: ${text}`)).toEqual([
      "13 error: mail-digest: Left out: there must be one container; there are 2",
      "29 error: warm-cache: Left out: the container has no command, and what its image would start is not known here",
    ]);
  });

  it("makes definitions that the server accepts", () => {
    const jobs = readdirSync(FOLDER).flatMap((file) => example(file).jobs);

    for (const job of jobs) checkDefinition(job, "default", { minIntervalMs: 1_000 });
    expect(jobs).toHaveLength(4);
  });
});

describe("importK8sCronJobs", () => {
  it.each([
    ["Allow", "allow"],
    ["Forbid", "skip"],
    ["Replace", "cancelPrevious"],
    [undefined, "allow"],
  ])("reads concurrencyPolicy %j as %j", (concurrencyPolicy, overlap) => {
    expect(jobOf({ spec: { concurrencyPolicy } })).toMatchObject({ overlap });
  });

  it.each<[string, object]>([
    ["0 0 ? * MON", { cron: "0 0 ? * MON", timezone: "UTC" }],
    ["@hourly", { cron: "@hourly", timezone: "UTC" }],
    ["@every 1h30m", { every: "1h30m" }],
    ["  0  1   * * * ", { cron: "0 1 * * *", timezone: "UTC" }],
  ])("reads the schedule %j", (schedule, expected) => {
    expect(jobOf({ spec: { schedule } })?.schedule).toEqual(expected);
  });

  it("takes the zone from timeZone, else from the old prefix, else from its caller", () => {
    expect(timezoneOf({ timeZone: "Asia/Tokyo", schedule: "CRON_TZ=UTC 0 1 * * *" })).toBe("Asia/Tokyo");
    expect(timezoneOf({ timeZone: null, schedule: "TZ=America/Lima 0 1 * * *" })).toBe("America/Lima");
    expect(timezoneOf({ timeZone: null })).toBe("Europe/Paris");
    expect(textsOf({ spec: { timeZone: null } })).toContain(
      "info: nightly: it names no timeZone: times are read as UTC, the zone of most clusters",
    );
  });

  it.each<[string, Parts, object, number]>([
    [
      "startingDeadlineSeconds below a second",
      { spec: { startingDeadlineSeconds: 0 } },
      { misfire: { maxLateness: "1s" } },
      1,
    ],
    ["more attempts than there may be", { job: { backoffLimit: 50 } }, { retry: { maxAttempts: 20 } }, 1],
    [
      "a longer grace than there may be",
      { pod: { terminationGracePeriodSeconds: 3_600 } },
      { timeouts: { grace: "10m" } },
      1,
    ],
    ["no grace", { pod: { terminationGracePeriodSeconds: 0 } }, { timeouts: { grace: "0s" } }, 0],
    ["a limit of the pod", { pod: { activeDeadlineSeconds: 90 } }, { timeouts: { run: "90s" } }, 0],
    [
      "limits of pod and job",
      { pod: { activeDeadlineSeconds: 7_200 }, job: { activeDeadlineSeconds: 86_400 } },
      { timeouts: { run: "2h" } },
      0,
    ],
    ["no limit", {}, { timeouts: { run: "30d", grace: "30s" } }, 0],
  ])("brings %s within the range, and notes it", (_, parts, expected, warnings) => {
    const { jobs, notes } = read(parts);

    expect(jobs[0]).toMatchObject(expected);
    expect(notes.filter(({ level }) => level === "warning")).toHaveLength(warnings);
  });

  it.each([
    ["64Mi", 64],
    ["1Gi", 1_024],
    ["512M", 489],
    ["1.5Gi", 1_536],
    ["134217728", 128],
    [134_217_728, 128],
    ["129e6", 124],
    ["1Mi", 16],
  ])("reads the memory limit %j as %d MB", (memory, memoryMb) => {
    expect(jobOf({ container: { resources: { limits: { memory } } } })?.executor).toMatchObject({
      limits: { memoryMb },
    });
  });

  it("leaves a memory limit out that is no quantity", () => {
    expect(textsOf({ container: { resources: { limits: { memory: "lots" } } } })).toContain(
      'warning: nightly: The memory limit is left out: "lots" is not a quantity',
    );
  });

  it("fills in variables as Kubernetes does, from those above", () => {
    const env = [
      { name: "A", value: "1" },
      { name: "B", value: "$(A)$(C)" },
      { name: "C", value: "3" },
    ];
    const { jobs, notes } = read({
      container: { env, command: ["$(B)", "$$(A)", "$A", "$(", "$$$(C)"], args: ["$(NONE)"] },
    });

    expect(jobs[0]?.executor).toMatchObject({
      argv: ["1$(C)", "$(A)", "$A", "$(", "$3", "$(NONE)"],
      environment: { A: "1", B: "1$(C)", C: "3" },
    });
    expect(notes.map(({ text }) => text)).toEqual(["nightly: $(NONE) cannot be filled in and stays in the command"]);
  });

  it("keeps braces that would begin a macro as plain text", () => {
    expect(jobOf({ container: { command: ["list", "--format={{.Name}}"] } })?.executor).toMatchObject({
      argv: ["list", "--format={{{{.Name}}"],
    });
  });

  it("warns of what comes from the cluster or must not be set", () => {
    const env = [{ name: "LD_PRELOAD", value: "/x.so" }];
    const envFrom = [{ secretRef: { name: "s" } }];

    expect(textsOf({ container: { env, envFrom }, job: { parallelism: 3 } })).toEqual([
      "warning: nightly: Variable LD_PRELOAD is left out: a job must not set it",
      "warning: nightly: Variables of envFrom are left out: they come from the cluster",
      "warning: nightly: parallelism and completions are left out: a slot is one run",
    ]);
  });

  it("tells CronJobs of one name in two namespaces apart", () => {
    const text = ["shop", "mail"].map((namespace) => cronJob({ metadata: { namespace } })).join("\n---\n");
    const names = importK8sCronJobs(text, { source: "x" }).jobs.map(({ name }) => name);

    expect(names).toEqual(["nightly", expect.stringMatching(/^nightly-[0-9a-f]{6}$/)]);
  });

  it.each<[string, Parts, string]>([
    ["a schedule that cannot be read", { spec: { schedule: "61 * * * *" } }, '"61" is outside 0-59'],
    ["a wrong type", { spec: { suspend: "yes" } }, 'Field "spec.suspend" must be true or false; got the text "yes"'],
    ["an unknown policy", { spec: { concurrencyPolicy: "Forbidden" } }, 'did you mean "Forbid"'],
    ["a missing name", { metadata: { name: undefined } }, 'Field "metadata.name" is required'],
    [
      "an interval that is no duration",
      { spec: { schedule: "@every 1.5h" } },
      'Field "schedule.every" must be a duration',
    ],
  ])("leaves out a CronJob with %s, and says why", (_, parts, reason) => {
    const { jobs, notes } = read(parts);

    expect(jobs).toEqual([]);
    expect(notes.filter(({ level }) => level === "error").map(({ text }) => text)).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  it("leaves out other versions and things that are no manifests", () => {
    const text = 'apiVersion: batch/v2\nkind: CronJob\n---\n- a list\n---\nkind: "Pod\\e"';

    expect(importK8sCronJobs(text, { source: "x" }).notes).toEqual([
      { line: 1, level: "error", text: 'Left out: apiVersion must be batch/v1; got "batch/v2"' },
      { line: 4, level: "error", text: "Left out: a manifest must be an object" },
      { line: 6, level: "info", text: String.raw`Left out: kind "Pod\u001b" is not a CronJob` },
    ]);
  });

  it("refuses a text that is not YAML, with file, line and column", () => {
    expect(() => importK8sCronJobs("a: [1\nb: 2", { source: "broken.yaml" })).toThrow(/^broken\.yaml:2:1: /);
  });
});
