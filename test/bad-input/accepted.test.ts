import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Job, JobChange } from "../../api/contract/job.ts";
import type { Run } from "../../api/contract/run.ts";
import { DEFAULT_RATE_LIMITS } from "../../api/access/settings.ts";
import { type Answer, ApiRig, slugOf } from "../api/api-rig.ts";
import { fresh, JOB, JOBS, type RowOptions } from "./row.ts";
import { type ServerTarget, startServerTarget } from "./server-target.ts";
import { setStage } from "./stage.ts";

describe("a running server", () => {
  let target: ServerTarget;

  beforeAll(async () => {
    target = await startServerTarget();
    await setStage(target);
  });

  afterAll(() => target.stop());

  async function send<T>(method: string, path: string, options: RowOptions = {}): Promise<Answer<T>> {
    const { status, headers, text } = await target.request(method, path, options, target.admin);
    return { status, headers, text, body: (text.startsWith("{") ? JSON.parse(text) : {}) as T };
  }

  it.each([
    ["B25", "29 February", { cron: "0 0 29 2 *" }, "rare-schedule"],
    ["B26", "the first of January or any Monday", { cron: "0 0 1 1 1" }, "cron-dom-dow-or"],
    ["B39", "a time that a gap leaves out", { cron: "0 30 2 9 3 * 2031", timezone: "America/New_York" }, "dst-gap"],
  ])("%s: defines %s, with a warning", async (id, _, schedule, code) => {
    const name = `warned-${id.toLowerCase()}`;
    const { status, body } = await send<Job>("POST", JOBS, fresh({ name, schedule }));

    expect(status).toBe(201);
    const warning = body.warnings?.find((each) => each.code === code);
    expect(warning?.detail).toMatch(/\d{4}-\d\d-\d\dT/);
  });

  it("B60: matches a pattern that others take for ever over in linear time", async () => {
    const parametersSchema = { properties: { a: { type: "string", pattern: "(a+)+$" } } };
    const defined = await send("POST", JOBS, fresh({ name: "regex", parametersSchema, parameters: { a: "a" } }));
    const refused = await send("POST", `${JOBS}/regex/runs`, { body: { parameters: { a: `${"a".repeat(50_000)}!` } } });

    expect([defined.status, refused.status]).toEqual([201, 422]);
  });

  it("B68: a pause of what is paused and a resumption of what runs change nothing", async () => {
    const before = target.dump();

    const paused = await send<JobChange>("POST", `${JOBS}/held/pause`);
    const resumed = await send<JobChange>("POST", `${JOB}/resume`, { body: { missed: "now" } });

    expect([paused.status, paused.body.changed, resumed.status, resumed.body.changed]).toEqual([
      200,
      false,
      200,
      false,
    ]);
    expect(target.dump()).toBe(before);
  });

  it("B74: 500 requests at once with one key come to one run", async () => {
    const options = { headers: { "idempotency-key": "storm" } };

    const answers = await Promise.all(
      Array.from({ length: 500 }, () => send<Run>("POST", `${JOBS}/busy/runs`, options)),
    );

    expect(answers.filter(({ status }) => ![200, 201, 409].includes(status))).toEqual([]);
    const made = answers.filter(({ status }) => status < 300).map(({ body }) => body.id);
    expect(new Set(made).size).toBe(1);
  });

  it("B90: logs one line of JSON an event, whatever a request holds", async () => {
    const note = "a\r\n2026 ERROR forged \u001b[2J${jndi:ldap://x}<script>";
    await send("POST", `${JOB}/pause`, { body: { note } });
    await send("GET", "/v1/x%0d%0a2026%20ERROR%20forged");
    const job = await send<Job>("GET", JOB);

    expect(job.body.note).toBe(note);
    expect(job.text).not.toMatch(/\p{Cc}/u);
    for (const line of target.log) expect(JSON.parse(line)).toHaveProperty("event");
    expect(target.log.join("")).not.toMatch(/\p{Cc}/u);
  });

  it("B54: never tells or logs the secrets that it treats as such", async () => {
    const secret = target.admin.replace(/^crl_[^_]+_/, "");
    const outputs = await Promise.all(
      ["/v1/tokens", "/v1/audit", "/v1/whoami", "/metrics", "/v1/openapi.json", JOBS].map((path) => send("GET", path)),
    );

    for (const { text } of outputs) expect(text).not.toContain(secret);
    expect(target.log.join("\n")).not.toContain(secret);
    expect(target.dump()).not.toContain(secret);
  });
});

describe("an idempotency key", () => {
  it("B72: is in progress while the first request with it is", async () => {
    const rig = await ApiRig.open();
    const create = () => rig.send("POST", JOBS, { ...fresh({}), headers: { "idempotency-key": "once" } });

    const [first, second] = await Promise.all([create(), create()]);

    expect([first.status, `${second.status} ${slugOf(second)}`]).toEqual([201, "409 idempotency-in-progress"]);
    expect(second.headers.get("retry-after")).toBe("1");
    expect((await create()).text).toBe(first.text);
  });
});

describe("rates", () => {
  it("B87: bound each token and each guesser, and tell when to come back", async () => {
    const rig = await ApiRig.open();
    const other = await rig.token("viewer");
    const { perToken, perAddressRefused } = DEFAULT_RATE_LIMITS;
    for (let count = 0; count < perToken.burst; count += 1) await rig.request("GET", "/v1/whoami");
    const headers = { "x-test-address": "192.0.2.7" };
    for (let count = 0; count < perAddressRefused.burst; count += 1)
      await rig.request("GET", "/v1/whoami", { token: "crl_admin_guess", headers });

    const [beyond, guess] = [
      await rig.send("GET", "/v1/whoami"),
      await rig.send("GET", "/v1/whoami", { token: "crl_admin_guess", headers }),
    ];

    for (const answer of [beyond, guess]) {
      expect([answer.status, slugOf(answer)]).toEqual([429, "rate-limited"]);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(beyond.body.detail).toContain(`${perToken.perSecond} a second`);
    expect((await rig.send("GET", "/v1/whoami", { token: other })).status).toBe(200);
  });
});
