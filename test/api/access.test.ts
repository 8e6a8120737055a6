import { describe, expect, it } from "vitest";
import { ensureFirstAdmin } from "../../api/access/first-admin.ts";
import { hasHash, hashOf, newSecret } from "../../api/access/secret.ts";
import type { AuditRecord } from "../../api/contract/audit.ts";
import type { NewToken, Token } from "../../api/contract/token.ts";
import { TokenStore } from "../../core/store/token-store.ts";
import { ApiRig, slugOf, START_MS } from "./api-rig.ts";

const JOBS = "/v1/namespaces/default/jobs";
const whoami = (rig: ApiRig, token: string | null, headers = {}) =>
  rig.send<Token>("GET", "/v1/whoami", { token, headers });

describe("credentials", () => {
  it.each([
    ["none", {}],
    ["an empty bearer", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic cm9vdDpyb290" }],
    ["two tokens", { authorization: "Bearer a, Bearer b" }],
  ])("are asked for: %s", async (_, headers) => {
    const rig = await ApiRig.open();
    const answer = await rig.send("GET", "/v1/whoami", { token: null, headers });

    expect([answer.status, slugOf(answer)]).toEqual([401, "unauthenticated"]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("are refused in the same words whatever is wrong with them", async () => {
    const rig = await ApiRig.open();
    const expired = await rig.token("admin", undefined, START_MS);
    const wrong = rig.admin.slice(0, -1) + (rig.admin.endsWith("A") ? "B" : "A");

    const answers = await Promise.all(
      [wrong, expired, `crl_nobody_${newSecret()}`, "crl_root_short", "eyJhbGciOiJub25lIn0.e30."].map((token) =>
        rig.send("GET", "/v1/whoami", { token }),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(new Set(answers.map(({ text, body }) => text.replace(body.instance ?? "", ""))).size).toBe(1);
    expect(answers[0] && slugOf(answers[0])).toBe("token-invalid");
  });

  it("stop working at the instant they expire", async () => {
    const rig = await ApiRig.open();
    const token = await rig.token("viewer", undefined, START_MS + 2_000);

    expect((await whoami(rig, token)).status).toBe(200);
    await rig.clock.advance(2_000);
    expect((await whoami(rig, token)).status).toBe(401);
  });

  it("are stored as hashes only", async () => {
    const rig = await ApiRig.open();
    const { body } = await rig.send<NewToken>("POST", "/v1/tokens", { body: { name: "ci", role: "viewer" } });
    const secret = body.token.slice(`crl_${body.id}_`.length);

    expect(secret).toHaveLength(43);
    expect(rig.dump()).not.toContain(secret);
    expect(JSON.stringify(rig.events)).not.toContain(secret);
    expect(hasHash(secret, hashOf(secret))).toBe(true);
    expect([hasHash(secret, hashOf("x")), hasHash(secret, ""), hasHash("", "zz")]).toEqual([false, false, false]);
  });
});

describe("a host that finds out for itself who makes a request", () => {
  it("is believed, and the header is not looked at", async () => {
    const principal = { id: "ana", name: "ana", role: "viewer", createdAtMs: START_MS } as const;
    const rig = await ApiRig.open({}, { authenticate: () => Promise.resolve(principal) });

    expect((await whoami(rig, null)).body.name).toBe("ana");
    expect((await whoami(rig, rig.admin)).body.role).toBe("viewer");
    expect((await rig.send("POST", "/v1/tokens", { body: { name: "ci", role: "viewer" } })).status).toBe(403);
  });
});

describe("tokens", () => {
  it("are created with role, namespaces and life, listed without secret, and revoked", async () => {
    const rig = await ApiRig.open();
    const request = { name: "ci", role: "editor", namespaces: ["default"], expiresIn: "30d" };
    const created = await rig.send<NewToken>("POST", "/v1/tokens", { body: request });
    const { token, ...shown } = created.body;

    expect(created.status).toBe(201);
    expect(shown).toMatchObject({
      name: "ci",
      role: "editor",
      namespaces: ["default"],
      expiresAt: "2026-02-04T10:00:00.000Z",
    });
    expect((await whoami(rig, token)).body).toEqual(shown);
    const list = await rig.send<{ items: Token[] }>("GET", "/v1/tokens");
    expect(list.body.items).toContainEqual(shown);
    expect(list.text).not.toContain("hash");

    expect((await rig.send("DELETE", `/v1/tokens/${shown.id}`)).status).toBe(204);
    expect((await whoami(rig, token)).status).toBe(401);
    const audit = await rig.send<{ items: AuditRecord[] }>("GET", "/v1/audit");
    expect(audit.body.items.map(({ action, subject }) => `${action} ${subject}`)).toEqual(
      expect.arrayContaining([`token.revoke tokens/${shown.id}`, `token.create tokens/${shown.id}`]),
    );
  });

  it("that were revoked by another server work for another 5 s at most", async () => {
    const rig = await ApiRig.open({ tokenCacheMs: 60_000 });
    const token = await rig.token("viewer");
    const id = (await whoami(rig, token)).body.id;
    await new TokenStore(rig.table).remove(id);

    await rig.clock.advance(4_999);
    expect((await whoami(rig, token)).status).toBe(200);
    await rig.clock.advance(1);
    expect((await whoami(rig, token)).status).toBe(401);
  });
});

describe("the first admin token", () => {
  it("is made once, and works", async () => {
    const rig = await ApiRig.open();
    await new TokenStore(rig.table).remove("root");

    const made = await Promise.all([ensureFirstAdmin(rig.core), ensureFirstAdmin(rig.core)]);
    const [token] = made.filter((text) => text !== undefined);

    expect(made.filter((text) => text === undefined)).toHaveLength(1);
    expect((await whoami(rig, token ?? null)).body.role).toBe("admin");
    expect(await ensureFirstAdmin(rig.core)).toBeUndefined();
  });

  it("is made again when no token is left that could create others", async () => {
    const rig = await ApiRig.open();
    await new TokenStore(rig.table).remove("root");
    await rig.token("editor");
    await rig.token("admin", ["default"]);
    await rig.token("admin", undefined, START_MS);

    expect(await ensureFirstAdmin(rig.core)).toMatch(/^crl_admin_/);
  });
});

describe("namespaces", () => {
  it("that a token may not see are answered as if they did not exist, for jobs and for runs", async () => {
    const rig = await ApiRig.open();
    await rig.define({}, "secret");
    const token = await rig.token("admin", ["default"]);
    const ask = async (path: string) => {
      const { status, body, text } = await rig.send("GET", path, { token });
      return { status, text: text.replace(body.instance ?? "", "").replaceAll(/secret|nowhere/g, "NS") };
    };

    for (const path of [
      "/v1/namespaces/NS/jobs",
      "/v1/namespaces/NS/jobs/report",
      "/v1/runs/NS.report@20260105T020000.000Z",
    ]) {
      const [foreign, unknown] = [await ask(path.replace("NS", "secret")), await ask(path.replace("NS", "nowhere"))];
      expect(foreign).toEqual(unknown);
      expect(foreign.status).toBe(404);
    }
    const own = await ask("/v1/runs/default.report@20260105T020000.000Z");
    const foreign = await ask("/v1/runs/secret.report@20260105T020000.000Z");
    expect(foreign.text).toBe(own.text.replace("default.", "NS."));
  });

  it("are listed as far as the token may see them", async () => {
    const rig = await ApiRig.open();
    for (const namespace of ["a", "b", "c"]) await rig.define({}, namespace);
    const token = await rig.token("viewer", ["b", "z"]);
    const list = async (of: string) =>
      (await rig.send<{ items: { name: string }[] }>("GET", "/v1/namespaces", { token: of })).body.items.map(
        ({ name }) => name,
      );

    expect([await list(rig.admin), await list(token)]).toEqual([["a", "b", "c"], ["b"]]);
  });

  it("keep their audit trails apart", async () => {
    const rig = await ApiRig.open();
    await rig.define({}, "a");
    await rig.define({}, "b");

    const { body } = await rig.send<{ items: AuditRecord[] }>("GET", "/v1/namespaces/a/audit");

    expect(body.items).toEqual([
      {
        at: "2026-01-05T10:00:00.000Z",
        action: "job.define",
        subject: "namespaces/a/jobs/report",
        by: "root",
        tokenId: "root",
        requestId: expect.any(String),
      },
    ]);
  });

  it("that are foreign give a preview neither calendars nor jobs", async () => {
    const rig = await ApiRig.open();
    await rig.define({}, "secret");
    const token = await rig.token("viewer", ["default"]);
    const body = { schedule: { every: "1h" }, namespace: "secret", job: "report" };

    expect((await rig.send("POST", "/v1/preview", { token, body })).status).toBe(404);
  });
});

describe("the audit trail", () => {
  it("tells the address and the request of each change, newest first, page by page", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    await rig.clock.advance(10);
    const paused = await rig.send("POST", `${JOBS}/report/pause`, { headers: { "x-test-address": "192.0.2.7" } });

    const first = await rig.send<{ items: AuditRecord[]; nextCursor: string }>(
      "GET",
      "/v1/namespaces/default/audit?limit=1",
    );
    const path = `/v1/namespaces/default/audit?limit=1&cursor=${first.body.nextCursor}`;
    const second = await rig.send<{ items: AuditRecord[] }>("GET", path);

    expect(first.body.items[0]).toMatchObject({
      action: "job.pause",
      ip: "192.0.2.7",
      requestId: paused.headers.get("carillon-request-id"),
    });
    expect(second.body.items[0]?.action).toBe("job.define");
  });

  it("answers a change as made when its record can't be written, and tells the log", async () => {
    const rig = await ApiRig.open();
    await rig.define();
    let puts = 0;
    rig.faults.plan = (_number, name) => (name === "table.put" && ++puts > 2 ? "unavailable" : undefined);

    const answer = rig.send("POST", `${JOBS}/report/pause`);
    await rig.clock.advance(1_000);

    expect((await answer).status).toBe(200);
    expect(rig.events.map(({ event }) => event)).toContain("auditLost");
  });
});
