import type { MiddlewareObj } from "@middy/core";

/**
 * What records X-Ray traces of a function and of its requests to other services, when the stack has turned them on. The
 * tracer is large and is not loaded otherwise.
 */
export async function tracing(environment: NodeJS.ProcessEnv = process.env): Promise<readonly MiddlewareObj[]> {
  if (environment["POWERTOOLS_TRACE_ENABLED"] !== "true") return [];
  const { openTracing } = await import("./open-tracing.ts");
  return [openTracing()];
}
