import type { z } from "zod";
import type { Json } from "../../core/json.ts";
import { MAX_BODY_BYTES, MAX_JSON_DEPTH } from "../contract/limits.ts";
import { problem, ProblemError } from "../contract/problem.ts";
import { quoteValue } from "../contract/quote.ts";
import type { Route } from "../contract/route.ts";
import { parseJsonStrict } from "../contract/strict-json.ts";
import { validate } from "../contract/validate.ts";
import { requiredFields } from "./required-fields.ts";

/**
 * Reads and checks the body that a route takes.
 *
 * @throws {ProblemError} `body-required`, `request-malformed`, `body-too-large`, `unsupported-media-type`, those of `parseJsonStrict`, and 422
 * with all faults together
 */
export async function readBody(request: Request, route: Route): Promise<unknown> {
  const { body: schema, isBodyOptional = false, maxBodyBytes = MAX_BODY_BYTES } = route;
  if (schema === undefined) return undefined;
  const bytes = await readBytes(request, maxBodyBytes);
  if (bytes.byteLength === 0) {
    if (isBodyOptional) return validate(schema, {});
    throw new ProblemError(
      problem("body-required", `The body must be a JSON object${fieldsText(schema)}; it is empty`),
    );
  }
  checkMediaType(request);
  const value: Json = parseJsonStrict(bytes, { maxBytes: maxBodyBytes, maxDepth: MAX_JSON_DEPTH });
  return validate(schema, value);
}

/** Counts what comes, whatever `Content-Length` says, and stops reading at the limit. */
async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body) {
      length += chunk.byteLength;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ProblemError ? error : cutShort(error);
  }
  return joined(chunks, length);
}

/** A client that went away, or whose body was not framed as it said, is no failure of ours. */
function cutShort(cause: unknown): ProblemError {
  return new ProblemError(problem("request-malformed", "The body ended before it was whole"), { cause });
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function checkMediaType(request: Request): void {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw unsupported(`The Content-Type must be application/json; got ${type === "" ? "none" : quoteValue(type)}`);
  }
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw unsupported(`The body must not be compressed; got Content-Encoding ${quoteValue(encoding)}`);
  }
}

function unsupported(detail: string): ProblemError {
  return new ProblemError(problem("unsupported-media-type", detail), { headers: { Accept: "application/json" } });
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError(problem("body-too-large", `The body must be at most ${maxBytes} bytes`), {
    headers: { Connection: "close" },
  });
}

function fieldsText(schema: z.ZodType): string {
  const fields = requiredFields(schema);
  return fields.length === 0 ? "" : ` with ${fields.map((field) => `"${field}"`).join(", ")}`;
}
