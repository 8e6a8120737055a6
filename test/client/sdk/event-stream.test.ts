import { array, assert, asyncProperty, nat } from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents, type ServerEvent } from "../../../client/sdk/event-stream.ts";

function streamOf(chunks: readonly Uint8Array[], { isOpen = false } = {}): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      if (!isOpen) controller.close();
    },
  });
}

async function eventsOf(stream: ReadableStream<Uint8Array>, options = { silenceMs: 10_000 }): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(stream, options)) events.push(event);
  return events;
}

const TEXT =
  ': hello\n\nevent: entry\nid: c1\ndata: {"text":"grüße 🎉"}\n\ndata:two\r\ndata: lines\r\n\r\n\revent\rdata: x\r\rdata: cut';

const EVENTS: readonly ServerEvent[] = [
  { event: "entry", data: '{"text":"grüße 🎉"}', id: "c1" },
  { event: "message", data: "two\nlines", id: "c1" },
  { event: "message", data: "x", id: "c1" },
];

describe("readEvents()", () => {
  it("reads the events of a stream however it is cut into chunks", async () => {
    const bytes = new TextEncoder().encode(TEXT);
    await assert(
      asyncProperty(array(nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((end, index) => bytes.slice(edges[index], end));
        expect(await eventsOf(streamOf(chunks))).toEqual(EVENTS);
      }),
      { seed: 20260308, numRuns: 200 },
    );
  });

  it("ends when the stream has been silent for too long", async () => {
    const stream = streamOf([new TextEncoder().encode("data: a\n\n")], { isOpen: true });

    expect(await eventsOf(stream, { silenceMs: 20 })).toEqual([{ event: "message", data: "a", id: undefined }]);
  });

  it("ends with the caller's reason when the caller gives up", async () => {
    const caller = new AbortController();
    const reading = readEvents(streamOf([], { isOpen: true }), { silenceMs: 10_000, signal: caller.signal }).next();
    caller.abort(new Error("changed my mind"));

    await expect(reading).rejects.toThrow("changed my mind");
  });

  it("refuses a line without an end", async () => {
    const endless = streamOf(Array.from({ length: 20 }, () => new Uint8Array(65_536).fill(0x61)));

    await expect(eventsOf(endless)).rejects.toThrow(RangeError);
  });
});
