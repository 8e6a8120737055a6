import { describe, expect, it } from "vitest";
import { ApiRig, slugOf } from "./api-rig.ts";

const POLICY = { perSecond: 1, burst: 3 };
const WIDE = { perSecond: 1_000, burst: 1_000 };
const JOBS = "/v1/namespaces/default/jobs";

describe("rate limits", () => {
  it("let a token do so much at once, and more as time passes", async () => {
    const rig = await ApiRig.open({ rateLimits: { perToken: POLICY, perNamespace: WIDE, perAddressRefused: WIDE } });
    const other = await rig.token("viewer");
    const ask = () => rig.send("GET", "/v1/whoami");

    const statuses = [await ask(), await ask(), await ask()].map(({ status, headers }) => [
      status,
      headers.get("ratelimit"),
    ]);
    const refused = await ask();

    expect(statuses).toEqual([
      [200, '"default";r=2'],
      [200, '"default";r=1'],
      [200, '"default";r=0'],
    ]);
    expect([refused.status, slugOf(refused), refused.headers.get("retry-after")]).toEqual([429, "rate-limited", "1"]);
    expect((await rig.send("GET", "/v1/whoami", { token: other })).status).toBe(200);
    await rig.clock.advance(1_000);
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(429);
  });

  it("let a namespace have so much of all tokens together, and leave the others alone", async () => {
    const rig = await ApiRig.open({ rateLimits: { perToken: WIDE, perNamespace: POLICY, perAddressRefused: WIDE } });
    const tokens = [rig.admin, await rig.token("viewer"), await rig.token("viewer"), await rig.token("viewer")];

    const statuses: number[] = [];
    for (const token of tokens) statuses.push((await rig.send("GET", JOBS, { token })).status);

    expect(statuses).toEqual([200, 200, 200, 429]);
    expect((await rig.send("GET", "/v1/namespaces/other/jobs")).status).toBe(200);
  });

  it("stop one address from guessing tokens", async () => {
    const rig = await ApiRig.open({ rateLimits: { perToken: WIDE, perNamespace: WIDE, perAddressRefused: POLICY } });
    const guess = (address: string) =>
      rig.send("GET", "/v1/whoami", { token: "crl_root_guess", headers: { "x-test-address": address } });

    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await guess("192.0.2.1")).status);

    expect(statuses).toEqual([401, 401, 401, 429]);
    expect((await guess("192.0.2.2")).status).toBe(401);
    expect((await rig.send("GET", "/v1/whoami", { headers: { "x-test-address": "192.0.2.1" } })).status).toBe(200);
  });

  it("are on by default, and can be turned off", async () => {
    const [limited, free] = [await ApiRig.open(), await ApiRig.open({ rateLimits: false })];

    expect((await limited.send("GET", "/v1/whoami")).headers.get("ratelimit")).toBe('"default";r=999');
    expect((await free.send("GET", "/v1/whoami")).headers.get("ratelimit")).toBeNull();
  });

  it("refuse before the body is read", async () => {
    const rig = await ApiRig.open({
      rateLimits: { perToken: { perSecond: 1, burst: 0 }, perNamespace: WIDE, perAddressRefused: WIDE },
    });
    let pulled = 0;
    const body = new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 });
    const headers = { authorization: `Bearer ${rig.admin}`, "content-type": "application/json" };

    const response = await rig.app.request(JOBS, { method: "POST", headers, body, duplex: "half" });

    expect([response.status, pulled]).toEqual([429, 0]);
  });
});
