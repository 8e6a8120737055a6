import { parentPort, workerData } from "node:worker_threads";
import type { ContainerData, ContainerReply, ContainerRequest } from "./function-container.ts";

/**
 * What runs inside a function's container: loads the bundle once, then answers one event after another. Errors are told
 * as Lambda tells them, by their name and message.
 */
const { file, handlerName, functionName, functionArn, memoryMb } = workerData as ContainerData;
const port = parentPort;
if (port === null) throw new Error("Cannot run: this is not a container");

type Handler = (event: unknown, context: unknown) => unknown;

const handler = await load();

port.on("message", ({ id, event, deadlineAtMs }: ContainerRequest) => {
  const context = {
    functionName,
    functionVersion: "$LATEST",
    invokedFunctionArn: functionArn,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: id,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: "container",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadlineAtMs - Date.now()),
  };
  void answer(id, event, context);
});

async function answer(id: string, event: unknown, context: unknown): Promise<void> {
  try {
    const result = await handler(event, context);
    tell({ kind: "result", id, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    tell({ kind: "error", id, error: describe(error) });
  }
}

async function load(): Promise<Handler> {
  try {
    const module = (await import(file)) as Record<string, unknown>;
    const found = module[handlerName];
    if (typeof found !== "function") throw new Error(`Cannot load ${file}: it does not export ${handlerName}`);
    tell({ kind: "ready" });
    return found as Handler;
  } catch (error) {
    tell({ kind: "failed", error: describe(error) });
    throw error;
  }
}

function describe(error: unknown): { readonly errorType: string; readonly errorMessage: string } {
  if (error instanceof Error) return { errorType: error.name, errorMessage: error.message };
  return { errorType: "Error", errorMessage: String(error) };
}

function tell(reply: ContainerReply): void {
  port?.postMessage(reply);
}
