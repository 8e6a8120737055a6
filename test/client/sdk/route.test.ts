import { describe, expect, it } from "vitest";
import { route, withQuery } from "../../../client/sdk/route.ts";

describe("route``", () => {
  it("encodes each value as one segment", () => {
    expect(route`/v1/runs/${"default.a/b@2026?#"}/logs`).toBe("/v1/runs/default.a%2Fb%402026%3F%23/logs");
  });

  it.each(["", ".", ".."])("refuses %j, by which a URL would mean another resource", (segment) => {
    expect(() => route`/v1/namespaces/${segment}/jobs`).toThrow(RangeError);
  });
});

describe("withQuery()", () => {
  it("leaves out what is undefined", () => {
    expect(withQuery("/v1/x", { limit: 5, cursor: undefined, label: "a=b&c" })).toBe("/v1/x?limit=5&label=a%3Db%26c");
    expect(withQuery("/v1/x", { cursor: undefined })).toBe("/v1/x");
  });
});
