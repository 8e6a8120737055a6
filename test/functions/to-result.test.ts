import { describe, expect, it } from "vitest";
import { toResult } from "../../functions/api/to-result.ts";

const MB = 1024 * 1024;

function broken(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) controller.error(new Error("the store has gone"));
      else controller.enqueue(new TextEncoder().encode(chunk));
    },
  });
}

describe("toResult()", () => {
  it("keeps texts as they are, and headers that come several times apart", async () => {
    const headers = new Headers({ "content-type": "application/json; charset=utf-8", vary: "accept" });
    headers.append("vary", "origin");
    headers.append("set-cookie", "a=1; Path=/");
    headers.append("set-cookie", "b=2");

    const result = await toResult(new Response('{"size":"µ"}', { status: 202, headers }), "r-1");

    expect(result).toEqual({
      statusCode: 202,
      headers: { "content-type": "application/json; charset=utf-8", vary: "accept, origin" },
      cookies: ["a=1; Path=/", "b=2"],
      body: '{"size":"µ"}',
      isBase64Encoded: false,
    });
  });

  it("writes bytes as base64", async () => {
    const bytes = Uint8Array.from([0, 255, 128, 10]);

    const result = await toResult(new Response(bytes, { headers: { "content-type": "application/gzip" } }), "r-1");

    expect([result.body, result.isBase64Encoded]).toEqual(["AP+ACg==", true]);
  });

  it("has an empty body for an answer without one", async () => {
    expect(await toResult(new Response(null, { status: 204 }), "r-1")).toMatchObject({ statusCode: 204, body: "" });
  });

  it.each([
    ["letters", "a", 6 * MB - 1_000, 200],
    ["letters", "a", 6 * MB, 422],
    ["quotes, which JSON escapes", '"', 3 * MB - 1_000, 200],
    ["quotes, which JSON escapes", '"', 3 * MB, 422],
  ])("refuses more than Lambda carries: %s %s × %i", async (_, letter, count, status) => {
    const response = new Response(letter.repeat(count), { headers: { "content-type": "text/plain" } });

    const result = await toResult(response, "r-1");

    expect(result.statusCode).toBe(status);
    if (status === 200) return;
    expect(JSON.parse(result.body ?? "")).toMatchObject({
      type: "urn:carillon:problem:limit-too-large",
      instance: "r-1",
      detail: expect.stringMatching(/at most 6291456 bytes; it has \d+: ask for less with `limit`$/) as string,
    });
  });

  it("ends a stream that breaks with what it has brought", async () => {
    const response = new Response(broken("id: 1\n", "data: {}\n\n"), {
      headers: { "content-type": "text/event-stream" },
    });

    expect(await toResult(response, "r-1")).toMatchObject({ statusCode: 200, body: "id: 1\ndata: {}\n\n" });
  });

  it("tells of a stream that breaks before it has brought anything", async () => {
    const result = await toResult(new Response(broken()), "r-1");

    expect([result.statusCode, result.headers?.["content-type"]]).toEqual([503, "application/problem+json"]);
  });
});
