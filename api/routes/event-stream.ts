import { EVENT_STREAM } from "../request/check-request.ts";
import type { FollowerEvent } from "./follow-log.ts";

/** Told of the life of a stream: `onOpen` with the first read, then `onEnd` once, whatever ended it. */
export interface StreamListeners {
  readonly onOpen: () => void;
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * A response of server-sent events. Events are made when the reader takes them; when it goes away, the source is
 * aborted and ended, so that nothing is left behind.
 *
 * @param source - makes the events; called with the first read
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function eventStream(
  source: (signal: AbortSignal) => AsyncGenerator<FollowerEvent>,
  { onOpen, onEnd, onError }: StreamListeners,
): Response {
  const encoder = new TextEncoder();
  const aborter = new AbortController();
  let events: AsyncGenerator<FollowerEvent> | undefined;
  const end = () => {
    if (events !== undefined && !aborter.signal.aborted) onEnd();
    aborter.abort();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (events === undefined) {
          onOpen();
          events = source(aborter.signal);
        }
        try {
          const { value, done } = await events.next();
          // The reader went away meanwhile: the stream is closed already.
          if (aborter.signal.aborted) return;
          if (done !== true) return controller.enqueue(encoder.encode(textOf(value)));
          end();
          controller.close();
        } catch (error) {
          // The head of the response is out: a broken line is how the reader learns of it, and how it comes back.
          end();
          onError(error);
          controller.error(error);
        }
      },
      async cancel() {
        end();
        await events?.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { "Content-Type": EVENT_STREAM, "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
  return new Response(stream, { headers });
}

/** JSON has no line ends of its own, so one `data` line holds it. */
function textOf(event: FollowerEvent): string {
  if (event === "heartbeat") return ": heartbeat\n\n";
  const id = event.id === undefined ? "" : `id: ${event.id}\n`;
  return `event: ${event.event}\n${id}data: ${JSON.stringify(event.data)}\n\n`;
}
