import { describe, expect, it } from "vitest";
import { ConnectionError } from "../../../client/sdk/api-error.ts";
import type { CarillonClient } from "../../../client/sdk/client.ts";
import { event, events, hangUp, refusal, startFakeServer } from "./fake-server.ts";

const AT = "2026-03-08T07:30:00.000Z";

function entry(text: string, id: string): string {
  return event("entry", { attempt: 1, at: AT, source: "stdout", text }, id);
}

async function follow(client: CarillonClient): Promise<string[]> {
  const heard: string[] = [];
  for await (const { event, data } of client.runs.followLogs("default.a@1")) {
    heard.push("text" in data ? data.text : event);
  }
  return heard;
}

describe("followLogs()", () => {
  it("yields entries and attempts until the run has ended", async () => {
    const { client, seen } = await startFakeServer(
      events(event("attempt", { attempt: 1 }), entry("one", "c1"), ": beat\n\n", event("end", { status: "succeeded" })),
    );

    expect(await follow(client)).toEqual(["attempt", "one", "end"]);
    expect(seen).toMatchObject([
      { url: "/v1/runs/default.a%401/logs?follow=true", headers: { accept: "text/event-stream" } },
    ]);
  });

  it("opens a broken line again after the last event, so that none is lost or comes twice", async () => {
    const { client, seen } = await startFakeServer(
      events(entry("one", "c1"), entry("two", "c2")),
      hangUp,
      events(entry("three", "c3"), event("end", { status: "failed" })),
    );

    expect(await follow(client)).toEqual(["one", "two", "three", "end"]);
    expect(seen.map(({ url }) => url)).toEqual([
      "/v1/runs/default.a%401/logs?follow=true",
      "/v1/runs/default.a%401/logs?follow=true&cursor=c2",
      "/v1/runs/default.a%401/logs?follow=true&cursor=c2",
    ]);
  });

  it("comes back as often as the server ends the line in order, also when nothing was written", async () => {
    const again = events(event("again", {}, "c1"));
    const quiet = Array.from({ length: 20 }, () => again);
    const { client, seen, slept } = await startFakeServer(
      ...quiet,
      events(entry("one", "c2"), event("end", { status: "succeeded" })),
    );

    expect(await follow(client)).toEqual(["one", "end"]);
    expect(seen).toHaveLength(21);
    expect(seen.at(-1)?.url).toBe("/v1/runs/default.a%401/logs?follow=true&cursor=c1");
    expect(slept).toEqual([]);
  });

  it("leaves out events that it does not know", async () => {
    const { client } = await startFakeServer(
      events(event("weather", { sunny: true }), event("end", { status: "succeeded" })),
    );

    expect(await follow(client)).toEqual(["end"]);
  });

  it("gives up when line after line ends without an event", async () => {
    const { client, seen } = await startFakeServer(events(": beat\n\n"));

    await expect(follow(client)).rejects.toThrow(ConnectionError);
    expect(seen).toHaveLength(10);
  });

  it("throws what the server refuses with", async () => {
    const { client } = await startFakeServer(refusal("run-not-found"));

    await expect(follow(client)).rejects.toMatchObject({ code: "run-not-found" });
  });
});
