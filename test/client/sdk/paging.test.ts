import { expect, it } from "vitest";
import { json, startFakeServer } from "./fake-server.ts";

it("a listing yields the items of all pages in order, also behind an empty page", async () => {
  const { client, seen } = await startFakeServer(
    json(200, { items: [{ name: "a" }, { name: "b" }], nextCursor: "c1" }),
    json(200, { items: [], nextCursor: "c2" }),
    json(200, { items: [{ name: "c" }] }),
  );

  const names: string[] = [];
  for await (const { name } of client.jobs.list("default", { limit: 2, state: "paused" })) names.push(name);

  expect(names).toEqual(["a", "b", "c"]);
  expect(seen.map(({ url }) => url)).toEqual([
    "/v1/namespaces/default/jobs?state=paused&limit=2",
    "/v1/namespaces/default/jobs?state=paused&limit=2&cursor=c1",
    "/v1/namespaces/default/jobs?state=paused&limit=2&cursor=c2",
  ]);
});

it("a listing that is left early asks for no further page", async () => {
  const { client, seen } = await startFakeServer(json(200, { items: [{ name: "a" }], nextCursor: "c1" }));

  for await (const _ of client.jobs.list("default")) break;

  expect(seen).toHaveLength(1);
});

it("a log is read page by page until nothing comes", async () => {
  const entries = [{ at: "2026-03-08T07:30:00.000Z", source: "stdout", text: "one" }];
  const { client, seen } = await startFakeServer(
    json(200, { attempt: 1, entries, nextCursor: "c1", closed: false }),
    json(200, { attempt: 1, entries: [], nextCursor: "c1", closed: false }),
  );

  const texts: string[] = [];
  for await (const { text } of client.runs.logs("default.a@1")) texts.push(text);

  expect(texts).toEqual(["one"]);
  expect(seen[1]?.url).toBe("/v1/runs/default.a%401/logs?cursor=c1");
});
