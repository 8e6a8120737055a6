import { describe, expect, it } from "vitest";
import { includesRole, ROLES, type Role } from "../../api/contract/role.ts";
import type { Route } from "../../api/contract/route.ts";
import { ROUTES } from "../../api/contract/routes.ts";
import { openApiDocument } from "../../api/contract/openapi.ts";
import { ApiRig, REPORT, slugOf } from "./api-rig.ts";

const TABLE: [string, Route][] = Object.entries<Route>(ROUTES);
const PROTECTED = TABLE.filter(([, { role }]) => role !== "public");
const OWNED = PROTECTED.filter(([, { scope }]) => scope === "namespace" || scope === "run");
const PLATFORM = PROTECTED.filter(([, { scope }]) => scope === "platform");

/** A path of the route, in a namespace. */
function pathOf({ path }: Route, namespace = "default"): string {
  const values: Record<string, string> = {
    namespace,
    job: "report",
    backfill: "abc",
    calendar: "holidays",
    runId: `${namespace}.report@20260105T020000.000Z`,
    pool: "default",
    priority: "normal",
    worker: "w1",
    token: "abc",
  };
  return path.replaceAll(/:(\w+)/g, (_, name: string) => values[name] ?? "");
}

/** Asks for a route with a body that its schema may or may not take: the question is who may ask at all. */
function ask(rig: ApiRig, route: Route, { token, namespace }: { token: string | null; namespace?: string }) {
  const body = route.body === undefined ? {} : { body: {} };
  return rig.send(route.method.toUpperCase(), pathOf(route, namespace), { token, ...body });
}

describe("every route", () => {
  it.each(PROTECTED)("%s asks for a token", async (_, route) => {
    const rig = await ApiRig.open();
    const before = rig.dump();

    const answer = await ask(rig, route, { token: null });

    expect([answer.status, slugOf(answer)]).toEqual([401, "unauthenticated"]);
    expect(rig.dump()).toBe(before);
  });

  it.each(PROTECTED)("%s is for its role and those above", async (_, route) => {
    const rig = await ApiRig.open();
    const answers = new Map<Role, number>();
    for (const role of ROLES) answers.set(role, (await ask(rig, route, { token: await rig.token(role) })).status);

    for (const [role, status] of answers) {
      const isAllowed = route.role !== "public" && includesRole(role, route.role);
      expect([role, status === 403]).toEqual([role, !isAllowed]);
    }
  });

  it.each(OWNED)("%s hides what is in other namespaces, whatever the role and whatever is there", async (_, route) => {
    const rig = await ApiRig.open();
    await rig.define({}, "secret");
    const token = await rig.token("admin", ["default"]);
    const before = rig.dump();

    const there = await ask(rig, route, { token, namespace: "secret" });
    const nowhere = await ask(rig, route, { token, namespace: "nowhere" });

    expect(there.status).toBe(404);
    const blank = ({ text, body }: typeof there) =>
      text.replace(body.instance ?? "", "").replaceAll(/secret|nowhere/g, "");
    expect(blank(there)).toBe(blank(nowhere));
    expect(rig.dump()).toBe(before);
  });

  it.each(PLATFORM)("%s of the platform is not for tokens of some namespaces", async (_, route) => {
    const rig = await ApiRig.open();

    expect((await ask(rig, route, { token: await rig.token("admin", ["default"]) })).status).toBe(403);
  });

  it.each(TABLE)("%s answers as its contract says", async (operation, route) => {
    const rig = await ApiRig.open();
    await rig.define();
    const bodies = [{}, [], REPORT, { missed: "now" }, { name: "holidays" }, { definitions: [REPORT] }];

    for (const body of route.body === undefined ? [undefined] : [undefined, ...bodies]) {
      const method = route.method.toUpperCase();
      const answer = await rig.send(method, pathOf(route), body === undefined ? {} : { body });
      expect(documentedStatuses(operation, route)).toContain(String(answer.status));
      if (answer.status < 400 || answer.status === 503) checkBody(route, answer);
    }
  });

  it.each(TABLE)("%s refuses other methods", async (_, route) => {
    const rig = await ApiRig.open();
    const answer = await rig.send("PATCH", pathOf(route));

    expect([answer.status, answer.headers.get("allow")?.split(", ")]).toEqual([
      405,
      expect.arrayContaining([route.method.toUpperCase()]),
    ]);
  });
});

function documentedStatuses(operation: string, route: Route): string[] {
  const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
  const documented = openApiDocument().paths?.[path]?.[route.method];
  expect(documented?.operationId).toBe(operation);
  return Object.keys(documented?.responses ?? {});
}

function checkBody(route: Route, answer: Awaited<ReturnType<ApiRig["send"]>>): void {
  const schema = route.responses[answer.status]?.schema;
  if (schema === undefined) expect(answer.text).toBe("");
  else
    expect(
      schema.safeParse(answer.headers.get("content-type")?.includes("json") ? answer.body : answer.text).error,
    ).toBeUndefined();
}
