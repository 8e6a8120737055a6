import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../api/contract/error-codes.ts";
import { openApiDocument } from "../../api/contract/openapi.ts";
import { problemSchema } from "../../api/contract/problem-schema.ts";
import type { ApiRig } from "../api/api-rig.ts";
import { openLimitedRig, targetOf } from "./memory-target.ts";
import { type Mutation, mutate, mutations } from "./mutation.ts";
import { type OpenApi, type Operation, operationsOf, type Schema } from "./openapi.ts";
import { arbitraryOf } from "./schema-arbitrary.ts";
import { setStage, type Stage } from "./stage.ts";

/**
 * Requests made of the document that the server serves: paths, parameters and bodies as its schemas want them, most of
 * them with a change or two. `FUZZ_SEED` repeats a run; `FUZZ_MINUTES=30 npx vitest run test/bad-input/fuzz.test.ts` goes
 * on for so long, over a new seed each time. The seed is told at the start, and with each failure its path.
 */
const minutes = Number(process.env["FUZZ_MINUTES"] ?? 0);
const SEED = Number(process.env["FUZZ_SEED"] ?? (minutes > 0 ? Date.now() % 2 ** 31 : 20_260_105));
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 120);
const RENEWED_AFTER = 100;
/** No answer takes nearly so long; one that never comes is a hang. */
const ANSWER_WITHIN_MS = 5_000;

/** Read from the app as a client reads it; the tests below need their names before any runs. */
const document = JSON.parse(JSON.stringify(openApiDocument())) as OpenApi;
const operations = operationsOf(document);
const limitMs = (minutes * 60_000) / operations.length;

const ajv = new Ajv2020({ strict: false, allErrors: false });
formats.default(ajv);
ajv.addSchema({ $id: "openapi", ...document });

interface FuzzedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly asker: "admin" | "viewer" | "stranger" | "nobody";
  readonly body: string | undefined;
}

describe("requests generated from the OpenAPI document", () => {
  it("the document is the one that is served", async () => {
    const rig = await openLimitedRig();

    process.stdout.write(`Fuzz seed ${SEED}\n`);
    expect((await rig.send<OpenApi>("GET", "/v1/openapi.json")).body).toEqual(document);
  });

  it.each(operations.map((operation) => ({ id: operation.operationId, operation })))(
    "$id answers as documented",
    async ({ operation }) => {
      let { rig, stage, known } = await openFuzzed();
      let asked = 0;

      await fc.assert(
        fc.asyncProperty(requestsTo(operation, stage), async (request) => {
          // What was accepted stays, and all of it is compared each time.
          if (++asked % RENEWED_AFTER === 0) ({ rig, stage, known } = await openFuzzed());
          const before = rig.dump();
          const answer = await within(ANSWER_WITHIN_MS, ask(rig, stage, operation, request));
          checkAnswer(operation, answer);
          if (answer.status >= 400 || operation.method === "GET") expect(rig.dump()).toBe(before);
          expect(rig.events.slice(known).filter(({ event }) => event !== "request")).toEqual([]);
          for (const secret of secretsOf(rig, stage)) expect(answer.text).not.toContain(secret);
        }),
        limitMs > 0
          ? { seed: SEED, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: limitMs }
          : { seed: SEED, numRuns: RUNS },
      );
    },
    limitMs + 60_000,
  );
});

/** A new app with the stage set. Its ids and instants are the same each time, so requests that name them fit any. */
async function openFuzzed(): Promise<{ rig: ApiRig; stage: Stage; known: number }> {
  const rig = await openLimitedRig();
  const stage = await setStage(targetOf(rig));
  // It tries the store with a write of its own, once in a second; here no second goes by.
  await rig.send("GET", "/readyz");
  return { rig, stage, known: rig.events.length };
}

interface FuzzedAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function ask(rig: ApiRig, stage: Stage, { method }: Operation, request: FuzzedRequest): Promise<FuzzedAnswer> {
  const { path, headers, asker, body } = request;
  const token = asker === "nobody" ? null : asker === "admin" ? rig.admin : stage.tokens[asker];
  const response = await rig.request(method, path, { headers, token, ...(body === undefined ? {} : { body }) });
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) {
    // It may go on until a run ends, which none does here.
    await response.body?.cancel();
    return { status: response.status, type, text: "" };
  }
  return { status: response.status, type, text: await response.text() };
}

function checkAnswer({ responses, operationId }: Operation, { status, type, text }: FuzzedAnswer): void {
  const documented = responses[status];
  if (documented === undefined)
    throw new Error(`${operationId} answers ${status}, which it does not document: ${text}`);
  expect(status === 503 || status < 500).toBe(true);
  if (type.startsWith("application/problem+json")) {
    const problem = problemSchema.parse(JSON.parse(text));
    const slug = problem.type.replace("urn:carillon:problem:", "");
    expect(ERROR_CODES).toHaveProperty([slug, "status"], status);
    expect(documented.description.split(", "), text).toContain(slug);
    expect(problem.detail).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u);
    expect(text.length).toBeLessThan(60_000);
    return;
  }
  expect(status).toBeLessThan(400);
  const schema = documented.content?.["application/json"]?.schema;
  if (schema === undefined || !type.startsWith("application/json")) return;
  const validate = validatorOf(schema);
  expect(validate(JSON.parse(text)), `${ajv.errorsText(validate.errors)} in ${text.slice(0, 2_000)}`).toBe(true);
}

const validators = new Map<Schema, ValidateFunction>();

function validatorOf(schema: Schema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/');
  const validate = ajv.compile(JSON.parse(text) as object);
  validators.set(schema, validate);
  return validate;
}

/** What no answer may hold: secrets of tokens, and the hashes by which they are known. */
function secretsOf(rig: ApiRig, { tokens }: Stage): readonly string[] {
  const texts = [rig.admin, tokens.viewer, tokens.stranger];
  const hashes = rig.table.dump("tokens").map(({ body }) => (body as { hash: string }).hash);
  return [...texts.map((text) => text.replace(/^crl_[^_]+_/, "")), ...hashes];
}

async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms`)), ms);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** What stands on the stage, by the name of a parameter: a request for it gets further than most. */
function namesOn({ names }: Stage): Readonly<Record<string, readonly string[]>> {
  const { busy = "", finished = "", orphan = "", cursor = "" } = names;
  return {
    namespace: ["default", "default", "other"],
    job: ["report", "held", "busy", "gone", "done"],
    runId: [busy, finished, orphan],
    pool: ["default"],
    priority: ["normal", "bulk"],
    token: ["root"],
    cursor: [cursor],
    "If-Match": ["*", '"1"'],
    "If-None-Match": ["*"],
  };
}

function requestsTo({ path, parameters = [], requestBody }: Operation, stage: Stage): fc.Arbitrary<FuzzedRequest> {
  const names = namesOn(stage);
  const valueOf = (name: string, schema: Schema): fc.Arbitrary<string> => {
    const fitting = arbitraryOf(schema, document).map(String);
    const there = names[name];
    const options = [
      { weight: 2, arbitrary: fitting },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme" }) },
    ];
    return fc.oneof(...(there === undefined ? [] : [{ weight: 12, arbitrary: fc.constantFrom(...there) }]), ...options);
  };
  const of = (place: string) => parameters.filter((parameter) => parameter.in === place);
  const pathValues = fc.record(Object.fromEntries(of("path").map(({ name, schema }) => [name, valueOf(name, schema)])));
  const maybe = (name: string, schema: Schema) => fc.option(valueOf(name, schema), { freq: 2, nil: undefined });
  const query = fc.record(Object.fromEntries(of("query").map(({ name, schema }) => [name, maybe(name, schema)])));
  const header = fc.record(Object.fromEntries(of("header").map(({ name, schema }) => [name, maybe(name, schema)])));
  const bodySchema = requestBody?.content?.["application/json"]?.schema;
  const body = bodySchema === undefined ? fc.constant(undefined) : bodiesOf(bodySchema);
  const asker = fc.oneof(
    { weight: 20, arbitrary: fc.constant<FuzzedRequest["asker"]>("admin") },
    { weight: 1, arbitrary: fc.constantFrom<FuzzedRequest["asker"][]>("viewer", "stranger", "nobody") },
  );
  const accept = fc.oneof(
    { weight: 20, arbitrary: fc.constant("application/json") },
    { weight: 1, arbitrary: fc.constantFrom("*/*", "text/event-stream", "image/png", "", ";q=0") },
  );
  return fc.record({ pathValues, query, header, body, asker, accept }).map((parts) => ({
    path: `${filled(path, parts.pathValues)}${searchOf(parts.query)}`,
    headers: { accept: parts.accept, ...sendable(parts.header) },
    asker: parts.asker,
    body: parts.body,
  }));
}

/** JSON texts that a schema allows, most of them changed, a few of them broken as texts. */
function bodiesOf(schema: Schema): fc.Arbitrary<string> {
  const changes: fc.Arbitrary<readonly Mutation[]> = fc.oneof(fc.constant([]), mutations);
  const texts = fc
    .tuple(arbitraryOf(schema, document), changes)
    .map(([value, some]) => JSON.stringify(mutate(value, some)) ?? "");
  const breaks = fc.constantFrom<(text: string) => string>(
    (text) => text.slice(0, text.length / 2),
    (text) => text.replace("{", '{"name":"a","name":"b",'),
    (text) => text.replace("{", '{"__proto__":{"a":1},'),
    (text) => text.replace(/\d+/, "1e999"),
    (text) => text.replace('"', String.raw`"\ud800`),
    (text) => `${text}${text}`,
    (text) => text.replace("{", "{".repeat(500)),
    (text) => text.replace("{", `{"pad":"${"x".repeat(270_000)}",`),
  );
  const broken = fc.tuple(texts, breaks).map(([text, breakIt]) => breakIt(text));
  return fc.oneof({ weight: 12, arbitrary: texts }, { weight: 1, arbitrary: broken });
}

function filled(path: string, values: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = (values[name] ?? "").toWellFormed();
    // Nothing, "." and ".." make another path of it: a request to another operation.
    return /^\.{0,2}$/.test(value) ? "%20" : encodeURIComponent(value);
  });
}

function searchOf(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}

/** Headers that a client could send at all. */
function sendable(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] =>
      /^[\t\x20-\x7e\x80-\xff]*$/.test(entry[1] ?? "é€"),
    ),
  );
}
