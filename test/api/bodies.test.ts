import { describe, expect, it } from "vitest";
import { ApiRig, REPORT } from "./api-rig.ts";

const JOBS = "/v1/namespaces/default/jobs";
const JOB = `${JOBS}/report`;

describe("bodies", () => {
  it("stops reading a chunked body at the limit", async () => {
    const rig = await ApiRig.open();
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const headers = { authorization: `Bearer ${rig.admin}`, "content-type": "application/json" };
    const init = { method: "POST", headers, body: endless, duplex: "half" };

    const response = await rig.app.request(JOBS, init as RequestInit);

    expect(response.status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  it("reads a body that comes in pieces", async () => {
    const rig = await ApiRig.open();
    const bytes = new TextEncoder().encode(JSON.stringify({ ...REPORT, description: "größer" }));
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const headers = { authorization: `Bearer ${rig.admin}`, "content-type": "application/json;charset=UTF-8" };
    const init = { method: "POST", headers, body: pieces, duplex: "half" };

    const response = await rig.app.request(JOBS, init as RequestInit);

    expect(await response.json()).toMatchObject({ definition: { description: "größer" } });
  });

  it("names the fields that an empty body lacks", async () => {
    const rig = await ApiRig.open();

    expect((await rig.send("POST", JOBS, { body: "" })).body.detail).toBe(
      'The body must be a JSON object with "name", "executor"; it is empty',
    );
  });

  it("tells the methods that a path has", async () => {
    const rig = await ApiRig.open();

    expect((await rig.send("PATCH", JOB)).headers.get("allow")).toBe("PUT, GET, HEAD, DELETE");
  });

  it("leaves the prototype of objects alone", async () => {
    const rig = await ApiRig.open();
    await rig.send("POST", JOBS, { body: '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}' });

    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
  });
});
