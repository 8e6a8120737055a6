import { syncBuiltinESMExports } from "node:module";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { captureLambdaHandler } from "@aws-lambda-powertools/tracer/middleware";
import type { MiddlewareObj } from "@middy/core";

/** Answers may hold tokens: they are not traced. */
export function openTracing(): MiddlewareObj {
  const tracer = new Tracer();
  // The tracer has replaced functions of Node's HTTP modules; those who import them by name see it from now on only.
  syncBuiltinESMExports();
  return captureLambdaHandler(tracer, { captureResponse: false });
}
