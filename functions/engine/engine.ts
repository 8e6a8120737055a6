import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { ReceivedMessage } from "../../core/ports/queue.ts";
import { ENGINE_QUEUE } from "../../core/run/message.ts";
import type { Core } from "../../core/services/core.ts";
import type { PoolSizer } from "../../core/services/pool-sizer.ts";
import { type EngineVerdict, handleEngineMessage } from "../../core/services/workflow/engine-message.ts";
import { runIdOfMessage } from "../../core/workflow/message-run.ts";
import { decodeMirrorMessage } from "../../core/workflow/mirror-message.ts";
import type { FunctionLog } from "../shared/function-log.ts";

export interface EngineDeps {
  readonly core: Core;
  /** Has noted what the core has rung for. */
  readonly sizer: Pick<PoolSizer, "grow">;
  readonly log: FunctionLog;
}

type Fate = "deleted" | "hidden" | "failed";

/** SQS counts delays in whole seconds, so a message comes up to one before it is due: to wait is on time, to hide it late. */
const MAX_WAIT_MS = 1_000;
/** Clocks and timers differ by some milliseconds: after one wait there may be a little left. */
const MAX_WAITS = 3;
/**
 * SQS hides a message for 12 hours at most, counted from when it was received, and refuses to hide it for longer: this
 * leaves what may have passed since.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
 */
const MAX_HIDE_MS = (12 * 60 - 10) * 60_000;
/** How long a message rests after a failure: doubled with each. The queue's own time is for those whose function is gone. */
const FIRST_REST_MS = 1_000;
const MAX_REST_MS = 120_000;

/**
 * Carries workflows: handles what the engine has rung itself for. Lambda deletes the messages that it is not told to
 * keep; those that are to come again, for whatever reason, are hidden for as long as they shall rest, and kept.
 *
 * @throws {TypeError} for an event of another kind
 */
export function engineHandler({ core, sizer, log }: EngineDeps) {
  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const records = recordsOf(event);
    const fates = await Promise.all(records.map((record) => handle(record, { core, log })));
    // Whatever became of a message: what it has rung for needs its workers.
    await sizer.grow().catch((error: unknown) => log.error("wake failed", error));
    const count = (fate: Fate): number => fates.filter((each) => each === fate).length;
    log.info("engine", { deleted: count("deleted"), hidden: count("hidden"), failed: count("failed") });
    const kept = records.filter((_, index) => fates[index] !== "deleted");
    return { batchItemFailures: kept.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };
}

function recordsOf(event: Partial<SQSEvent> | null | undefined): readonly SQSRecord[] {
  const records = event?.Records;
  if (Array.isArray(records) && records.every(({ eventSource }) => eventSource === "aws:sqs")) return records;
  throw new TypeError("Cannot handle the event: it must be a batch of messages of SQS");
}

async function handle(record: SQSRecord, { core, log }: Pick<EngineDeps, "core" | "log">): Promise<Fate> {
  const message = receivedOf(record);
  try {
    const verdict = await judge(core, message);
    if (verdict.kind === "delete") return "deleted";
    await core.queue.extend(ENGINE_QUEUE, [message.receipt], Math.min(MAX_HIDE_MS, verdict.forMs));
    return "hidden";
  } catch (error) {
    // What is only shown is not what workflows wait for.
    core.metrics.count(decodeMirrorMessage(message.body) === undefined ? "engine_errors" : "mirror_errors");
    log.error("message failed", error, { messageId: record.messageId, ...runOf(message), receives: message.receives });
    const restMs = Math.min(MAX_REST_MS, FIRST_REST_MS * 2 ** message.receives);
    // Should this fail too, the message rests for as long as its queue says.
    await core.queue.extend(ENGINE_QUEUE, [message.receipt], restMs).catch(() => undefined);
    return "failed";
  }
}

/** Waits for a message whose time has all but come. */
async function judge(core: Core, message: ReceivedMessage): Promise<EngineVerdict> {
  let verdict = await handleEngineMessage(core, message);
  for (let waits = 0; waits < MAX_WAITS && verdict.kind === "hide" && verdict.forMs <= MAX_WAIT_MS; waits += 1) {
    await core.clock.sleep(verdict.forMs);
    verdict = await handleEngineMessage(core, message);
  }
  return verdict;
}

function receivedOf({ body, receiptHandle, attributes }: SQSRecord): ReceivedMessage {
  const { MessageGroupId: group = "", ApproximateReceiveCount: receives } = attributes;
  return { body, group, receipt: receiptHandle, receives: Number(receives) };
}

function runOf({ body }: ReceivedMessage): { readonly run?: string } {
  const run = runIdOfMessage(body);
  return run === undefined ? {} : { run };
}
