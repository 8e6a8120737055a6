import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemSchema } from "../../api/contract/problem-schema.ts";
import { type RawOptions, sendRaw } from "./raw-request.ts";
import { type ServerTarget, startServerTarget } from "./server-target.ts";

const HOST = "Host: 127.0.0.1\r\n";
const CLOSE = "Connection: close\r\n";
const JSON_TYPE = "Content-Type: application/json\r\n";
const TOKEN = "Authorization: Bearer {token}\r\n";
const WHOAMI = `GET /v1/whoami HTTP/1.1\r\n${CLOSE}`;
const DEFINE = `POST /v1/namespaces/default/jobs HTTP/1.1\r\n${CLOSE}${HOST}${TOKEN}${JSON_TYPE}`;
const CHUNK = `10000\r\n${"x".repeat(65_536)}\r\n`;
const headers = (count: number) => Array.from({ length: count }, (_, i) => `x-${i}: 1\r\n`).join("");

/** Id, name, the bytes with `{token}` for a token, status, slug, and what the message says. */
type RawRow = readonly [string, string, string, string, string, RawOptions?];

const MALFORMED = "400 request-malformed";
const ADDRESS = "one Host header and a path that begins with '/'";
const HTTP = "must be valid HTTP/1.1";

/** What no client that can be had sends. */
const ROWS: readonly RawRow[] = [
  ["B5", "a body in chunks, beyond the limit", `${DEFINE}Transfer-Encoding: chunked\r\n\r\n${CHUNK.repeat(5)}0\r\n\r\n`, "413 body-too-large", "at most 262144 bytes"],
  ["B5", "a body that never ends", `${DEFINE}Transfer-Encoding: chunked\r\n\r\n${CHUNK.repeat(5)}`, "413 body-too-large", "at most 262144 bytes"],
  ["B5", "a Content-Length that promises too much", `${DEFINE}Content-Length: 100\r\n\r\n{}`, MALFORMED, HTTP, { end: true }],
  ["B5", "a Content-Length that promises too little", `${DEFINE}Content-Length: 2\r\n\r\n{"name":"a"}`, MALFORMED, HTTP],
  ["B5", "a negative Content-Length", `${DEFINE}Content-Length: -1\r\n\r\n{}`, MALFORMED, HTTP],
  ["B5", "two lengths", `${DEFINE}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, MALFORMED, HTTP],
  ["B5", "a length and chunks", `${DEFINE}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, MALFORMED, HTTP],
  ["B5", "a chunk whose size is no number", `${DEFINE}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, MALFORMED, HTTP],
  ["B6", "a transfer that is compressed", `${DEFINE}Transfer-Encoding: gzip\r\n\r\nxx`, MALFORMED, HTTP],
  ["B9", "a method that is none", `STEAL /v1/whoami HTTP/1.1\r\n${CLOSE}${HOST}\r\n`, MALFORMED, HTTP],
  ["B17", "3,000 headers", `${WHOAMI}${HOST}${headers(3_000)}\r\n`, "431 headers-too-large", "at most 100"],
  ["B17", "a cookie of 200 KB", `${WHOAMI}${HOST}Cookie: ${"x".repeat(200_000)}\r\n\r\n`, "431 headers-too-large", "at most 131072 bytes"],
  ["B17", "a control character in a header", `${WHOAMI}${HOST}X-A: a\u0001b\r\n\r\n`, MALFORMED, HTTP],
  ["B17", "a header that goes on in the next line", `${WHOAMI}${HOST}X-A: a\r\n b\r\n\r\n`, MALFORMED, HTTP],
  ["B17", "no Host", `${WHOAMI}\r\n`, MALFORMED, ADDRESS],
  ["B17", "a Host that is none", `${WHOAMI}Host: a@b\r\n\r\n`, MALFORMED, ADDRESS],
  ["B18", "an address of 200 KB", `GET /v1/${"x".repeat(200_000)} HTTP/1.1\r\n${CLOSE}${HOST}\r\n`, "431 headers-too-large", "with the address, at most 131072 bytes"],
  ["B18", "a path with a space", `GET /v1/a b HTTP/1.1\r\n${CLOSE}${HOST}\r\n`, MALFORMED, HTTP],
  ["B18", "a path beyond ASCII", `GET /v1/ä HTTP/1.1\r\n${CLOSE}${HOST}\r\n`, MALFORMED, HTTP],
  ["B18", "no path", `OPTIONS * HTTP/1.1\r\n${CLOSE}${HOST}\r\n`, MALFORMED, ADDRESS],
  ["B18", "a path that looks like another host", `GET //evil.example/v1/whoami HTTP/1.1\r\n${CLOSE}${HOST}\r\n`, "404 not-found", '"//evil.example/v1/whoami"'],
  ["B80", "two Authorization headers", `${WHOAMI}${HOST}${TOKEN}Authorization: Bearer x\r\n\r\n`, "401 unauthenticated", "one Authorization header"],
  ["B80", "a token in bytes that are no text", `${WHOAMI}${HOST}Authorization: Bearer \u00ff\u00fe\r\n\r\n`, "401 token-invalid", "The token is not valid"],
  ["B18", "another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", MALFORMED, HTTP],
  ["B18", "TLS where there is none", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", MALFORMED, HTTP],
]; // prettier-ignore

describe("a server refuses what is hardly HTTP", () => {
  let target: ServerTarget;

  beforeAll(async () => {
    target = await startServerTarget();
  });

  afterAll(() => target.stop());

  it.each(ROWS.map(([id, name, ...rest]) => ({ id, name, rest })))("$id: $name", async ({ rest }) => {
    const [bytes, expected, says, options] = rest;
    const before = target.dump();

    const { status, head, body } = await sendRaw(
      target.url,
      Buffer.from(bytes.replace("{token}", target.admin), "latin1"),
      options,
    );

    const problem = problemSchema.parse(JSON.parse(body));
    expect(`${status} ${problem.type.replace("urn:carillon:problem:", "")}`).toBe(expected);
    expect(problem.status).toBe(status);
    expect(problem.detail).toContain(says);
    expect(head.toLowerCase()).toContain("\r\ncontent-type: application/problem+json");
    expect(target.dump()).toBe(before);
    expect(target.failures()).toEqual([]);
  });

  it("B5: a client that goes away in the midst of its body is no failure of ours", async () => {
    const gone = `${DEFINE.replace("{token}", target.admin)}Content-Length: 100\r\n\r\n{}`;

    await sendRaw(target.url, gone, { end: true });
    const { status } = await sendRaw(target.url, `GET /healthz HTTP/1.1\r\n${CLOSE}${HOST}\r\n`);

    expect(status).toBe(200);
    expect(target.failures()).toEqual([]);
  });
});
