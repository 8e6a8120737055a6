import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_BODY_BYTES } from "../../api/contract/limits.ts";
import { CarillonClient } from "../../client/sdk/client.ts";
import { BODIES, type Body } from "../support/both-bodies.ts";
import { BodyTools, command, NAMESPACE } from "./body-tools.ts";

describe.each(BODIES)("refusals of the $name body", ({ start }) => {
  let body: Body;
  const tools = new BodyTools(() => body);

  beforeAll(async () => {
    body = await start({ isAsleep: true });
  });

  afterAll(async () => {
    await body.stop();
  });

  it("without a token nothing is told but that the server lives", async () => {
    const client = new CarillonClient({ url: body.url });

    await expect(client.whoami()).rejects.toMatchObject({ status: 401 });
    expect(await client.health()).toEqual({ status: "ok" });
  });

  it("a token that is not known opens nothing", async () => {
    const client = new CarillonClient({ url: body.url, token: `carillon_${"x".repeat(12)}_${"y".repeat(43)}` });

    // The gateway of AWS says 403 to whomever its authorizer refuses.
    await expect(client.whoami()).rejects.toSatisfy(
      ({ status }: { readonly status: number }) => status === 401 || status === 403,
    );
  });

  it("a revoked token opens nothing any more", async () => {
    const { id, token } = await body.client.tokens.create({ name: "brief", role: "viewer" });
    const client = new CarillonClient({ url: body.url, token });
    expect(await client.whoami()).toMatchObject({ name: "brief", role: "viewer" });

    await body.client.tokens.revoke(id);

    await expect
      .poll(
        () =>
          client.whoami().then(
            () => "let in",
            () => "refused",
          ),
        { timeout: 10_000 },
      )
      .toBe("refused");
  });

  it("a viewer may look and not touch", async () => {
    const { token } = await body.client.tokens.create({ name: "looker", role: "viewer" });
    const client = new CarillonClient({ url: body.url, token });

    const defining = client.jobs.put(NAMESPACE, { name: "forbidden", executor: command("true") }, { ifAbsent: true });

    await expect(defining).rejects.toMatchObject({ status: 403 });
  });

  it("bad input is refused with the field, the rule and the value", async () => {
    await expect(tools.define("bad", { schedule: { cron: "61 * * * *" } })).rejects.toMatchObject({
      status: 422,
      problem: { errors: [expect.objectContaining({ pointer: "/schedule/cron" })] },
    });
  });

  it("a body that is too large is refused before anyone reads it", async () => {
    const response = await fetch(`${body.url}/v1/namespaces/${NAMESPACE}/jobs/large`, {
      method: "PUT",
      headers: { authorization: `Bearer ${await tokenOf(body)}`, "content-type": "application/json" },
      body: JSON.stringify({ name: "large", executor: command("true"), description: "x".repeat(MAX_BODY_BYTES) }),
    });

    expect(response.status).toBe(413);
  });

  it("a body that is no JSON is refused", async () => {
    const response = await fetch(`${body.url}/v1/namespaces/${NAMESPACE}/jobs/broken`, {
      method: "PUT",
      headers: { authorization: `Bearer ${await tokenOf(body)}`, "content-type": "application/json" },
      body: '{"name": "broken",',
    });

    expect(response.status).toBe(400);
  });

  it("a job that is there already is not replaced unasked", async () => {
    await tools.define("taken");

    await expect(tools.define("taken", { executor: command("false") })).rejects.toMatchObject({
      status: 412,
    });
  });
});

/** A token of an editor. */
async function tokenOf({ client }: Body): Promise<string> {
  return (await client.tokens.create({ name: "writer", role: "editor" })).token;
}
