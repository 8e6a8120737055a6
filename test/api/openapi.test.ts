import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../api/contract/error-codes.ts";
import { openApiDocument } from "../../api/contract/openapi.ts";
import type { Route } from "../../api/contract/route.ts";
import { ROUTES } from "../../api/contract/routes.ts";
import { ApiRig } from "./api-rig.ts";

describe("the OpenAPI document", () => {
  it("is served to anybody", async () => {
    const rig = await ApiRig.open();

    const { status, body } = await rig.send<object>("GET", "/v1/openapi.json", { token: null });

    expect([status, body]).toEqual([200, openApiDocument()]);
  });

  it("has every route, with its parameters", () => {
    const { paths = {} } = openApiDocument();
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      (["get", "put", "post", "delete"] as const).flatMap((method) =>
        item[method] === undefined ? [] : `${method} ${path}`,
      ),
    );
    const expected = Object.values<Route>(ROUTES).map(
      ({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
    );

    expect(documented.toSorted()).toEqual(expected.toSorted());
    for (const [path, item] of Object.entries(paths)) {
      for (const operation of [item.get, item.put, item.post, item.delete]) {
        const parameters = operation?.parameters ?? [];
        const inPath = parameters.flatMap((parameter) =>
          "in" in parameter && parameter.in === "path" ? parameter.name : [],
        );
        if (operation !== undefined) expect(inPath).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      }
    }
  });

  it("refers only to what it holds, and holds only what it refers to", () => {
    const document = openApiDocument();
    const references = new Set(
      [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
    );

    expect(references).toEqual(new Set(Object.keys(document.components?.schemas ?? {})));
  });

  it("leaves answers open for new fields, and bodies closed", () => {
    const { schemas = {} } = openApiDocument().components ?? {};

    expect(schemas["Run"]).not.toHaveProperty("additionalProperties");
    expect(schemas["CancelRequest"]).toHaveProperty("additionalProperties", false);
  });

  it("tells the slugs of every problem", () => {
    for (const item of Object.values(openApiDocument().paths ?? {})) {
      for (const operation of [item.get, item.put, item.post, item.delete]) {
        for (const [status, response] of Object.entries<{ description: string; content?: object }>(
          operation?.responses ?? {},
        )) {
          if (response.content === undefined || !("application/problem+json" in response.content)) continue;
          for (const slug of response.description.split(", ")) {
            expect(ERROR_CODES).toHaveProperty([slug, "status"], Number(status));
          }
        }
      }
    }
  });

  it("gives every operation a name of its own and says who may call it", () => {
    const operations = Object.values(openApiDocument().paths ?? {}).flatMap((item) =>
      [item.get, item.put, item.post, item.delete].filter((operation) => operation !== undefined),
    );

    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { description, security } of operations) {
      expect(security?.length === 0).toBe(description === "Needs no token.");
    }
  });
});
