import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { problem, PROBLEM_MEDIA_TYPE, type Problem } from "../../api/contract/problem.ts";

/**
 * The most that the answer of a function may hold, as JSON.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_RESULT_BYTES = 6 * 1024 * 1024;
/** Each byte of a text becomes 6 characters of JSON at most; below that no result needs to be measured. */
const SURELY_FITS_BYTES = 1_000_000;
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?json\b)/i;

/**
 * The result by which API Gateway answers with a response. The body is read whole: a stream that breaks ends with what it
 * has brought, since whoever follows one goes on after the last event that came.
 *
 * @param requestId - what a problem that takes the response's place refers to
 */
export async function toResult(response: Response, requestId: string): Promise<APIGatewayProxyStructuredResultV2> {
  const body = await readAll(response);
  if (body === undefined) {
    return problemResult(problem("unavailable", "The answer broke off before it began", { instance: requestId }));
  }
  const result = resultOf(response, body);
  if (body.byteLength <= SURELY_FITS_BYTES) return result;
  const resultBytes = Buffer.byteLength(JSON.stringify(result));
  if (resultBytes <= MAX_RESULT_BYTES) return result;
  const detail = `The answer must be at most ${MAX_RESULT_BYTES} bytes; it has ${resultBytes}: ask for less with \`limit\``;
  return problemResult(problem("limit-too-large", detail, { instance: requestId }));
}

/** A problem as a result of its own. */
export function problemResult(
  document: Problem,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: document.status,
    headers: { ...headers, "content-type": PROBLEM_MEDIA_TYPE, "cache-control": "no-store" },
    body: JSON.stringify(document),
    isBase64Encoded: false,
  };
}

function resultOf({ status, headers }: Response, body: Buffer): APIGatewayProxyStructuredResultV2 {
  const cookies = headers.getSetCookie();
  // A body that is not text would not survive as JSON.
  const isText = body.byteLength === 0 || TEXT.test(headers.get("content-type") ?? "");
  return {
    statusCode: status,
    headers: Object.fromEntries([...headers].filter(([name]) => name !== "set-cookie")),
    ...(cookies.length === 0 ? {} : { cookies }),
    body: body.toString(isText ? "utf8" : "base64"),
    isBase64Encoded: !isText,
  };
}

/** Everything that the body brings; `undefined` when it breaks before it brings anything. */
async function readAll({ body }: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body ?? []) chunks.push(chunk);
  } catch {
    // Whoever made the stream has told the log why it broke.
    if (chunks.length === 0) return undefined;
  }
  return Buffer.concat(chunks);
}
