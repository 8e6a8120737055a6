import { describe, expect, it } from "vitest";
import { Authenticator } from "../../api/access/authenticator.ts";
import { hashOf, newSecret } from "../../api/access/secret.ts";
import { formatToken } from "../../api/access/token-text.ts";
import { PortError } from "../../core/ports/errors.ts";
import { type TokenRecord, TokenStore } from "../../core/store/token-store.ts";
import { authorizerHandler } from "../../functions/authorizer/authorizer.ts";
import { findPrincipal } from "../../functions/shared/principal-context.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { PortFaults } from "../support/port-faults.ts";
import { authorizerEvent, MemoryLog } from "./lambda.ts";

const START_MS = Date.UTC(2026, 10, 22, 15);

async function openAuthorizer(fields: Partial<TokenRecord> = {}) {
  const clock = new ManualClock(START_MS);
  const faults = new PortFaults();
  const tokens = new TokenStore(faults.table(new MemoryTable()));
  const [secret, log] = [newSecret(), new MemoryLog()];
  const record: TokenRecord = {
    id: "ana",
    name: "ana",
    role: "editor",
    namespaces: ["default", "reports"],
    hash: hashOf(secret),
    createdAtMs: START_MS,
    ...fields,
  };
  await tokens.add(record);
  const handler = authorizerHandler({ authenticator: new Authenticator(tokens, clock, { cacheMs: 0 }), log });
  return { handler, clock, faults, tokens, log, record, token: formatToken({ id: "ana", secret }) };
}

describe("the authorizer function", () => {
  it("tells the API whose token a request carries, without its hash", async () => {
    const { handler, token, record, log } = await openAuthorizer();

    const result = await handler(authorizerEvent(`Bearer ${token}`));

    const { hash, ...principal } = record;
    expect(result.isAuthorized).toBe(true);
    expect(findPrincipal("context" in result ? { ...result.context } : {})).toEqual(principal);
    expect(JSON.stringify(result)).not.toContain(hash);
    expect(log.lines).toMatchObject([{ event: "authorized", fields: { tokenId: "ana", path: "/v1/whoami" } }]);
    expect(log.text).not.toContain(token);
  });

  it.each([
    ["none", undefined, "unauthenticated"],
    ["another scheme", "Basic cm9vdDpyb290", "unauthenticated"],
    ["an unknown one", `Bearer crl_nobody_${newSecret()}`, "token-invalid"],
    ["a wrong secret", `Bearer crl_ana_${newSecret()}`, "token-invalid"],
    ["no token at all", "Bearer eyJhbGciOiJub25lIn0.e30.", "token-invalid"],
  ])("refuses %s", async (_, authorization, problem) => {
    const { handler, log } = await openAuthorizer();

    expect(await handler(authorizerEvent(authorization))).toEqual({ isAuthorized: false });
    expect(log.lines).toMatchObject([{ level: "warn", event: "refused", fields: { problem, ip: "203.0.113.7" } }]);
  });

  it("refuses a token from the instant on at which it expires", async () => {
    const { handler, clock, token } = await openAuthorizer({ expiresAtMs: START_MS + 1_000 });

    expect((await handler(authorizerEvent(`Bearer ${token}`))).isAuthorized).toBe(true);
    await clock.advance(1_000);
    expect((await handler(authorizerEvent(`Bearer ${token}`))).isAuthorized).toBe(false);
  });

  it("refuses a token that was revoked a moment ago", async () => {
    const { handler, tokens, token } = await openAuthorizer();
    await handler(authorizerEvent(`Bearer ${token}`));

    await tokens.remove("ana");

    expect((await handler(authorizerEvent(`Bearer ${token}`))).isAuthorized).toBe(false);
  });

  it("fails when the table can't be read, rather than call anybody unauthorised", async () => {
    const { handler, faults, token } = await openAuthorizer();
    faults.plan = () => "unavailable";

    await expect(handler(authorizerEvent(`Bearer ${token}`))).rejects.toThrow(PortError);
  });
});
