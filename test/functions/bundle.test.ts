import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BundleSize, bundleSize, maxBytesOf } from "../../functions/bundle-size.ts";
import { bundleFunctions } from "../../functions/bundle.ts";
import { EXAMPLE_ENVIRONMENT } from "../../functions/example-environment.ts";
import { FUNCTION_NAMES, type FunctionName } from "../../functions/names.ts";
import { openDynalite } from "../support/aws/dynalite.ts";
import { authorizerEvent, lambdaContext } from "./lambda.ts";

/** Starts a function as Lambda does, calls it with each event, and writes what came of it as its last line. */
const RUN = `
  const { handler } = await import(process.argv[1]);
  const outcomes = [];
  for (const event of JSON.parse(process.argv[2])) {
    const context = { ...JSON.parse(process.argv[3]), getRemainingTimeInMillis: () => 5000 };
    outcomes.push(await handler(event, context).then((value) => ({ value }), (error) => ({ error: error.message })));
  }
  process.stdout.write(JSON.stringify(outcomes) + "\\n", () => process.exit(0));
`;

const dynamo = await openDynalite();
let folder: string;
let bundles: ReadonlyMap<FunctionName, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "carillon-bundles-"));
  bundles = await bundleFunctions(folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function folderOf(name: FunctionName): string {
  return bundles.get(name) ?? "";
}

interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the bundle. */
  readonly folder?: string;
}

/** What came of each event, and the lines of the log. */
async function run(
  name: FunctionName,
  events: readonly unknown[],
  { environment = EXAMPLE_ENVIRONMENT, folder = folderOf(name) }: RunOptions = {},
): Promise<{ readonly outcomes: unknown; readonly lines: readonly unknown[] }> {
  const url = pathToFileURL(join(folder, "index.mjs")).href;
  const program = ["--input-type=module", "--eval", RUN, url, JSON.stringify(events), JSON.stringify(lambdaContext())];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, program, { env: environment });
  const lines = `${stderr}${stdout}`.trim().split("\n");
  const documents = lines.map((line) => JSON.parse(line) as unknown);
  return { outcomes: documents.at(-1), lines: documents.slice(0, -1) };
}

describe("the bundles", () => {
  it.each(FUNCTION_NAMES)("of %s starts in a process of its own, and weighs no more than it may", async (name) => {
    expect(await run(name, [])).toEqual({ outcomes: [], lines: [] });
    expect(bundleSize(folderOf(name)).minifiedBytes).toBeLessThanOrEqual(maxBytesOf(name));
    expect(readdirSync(folderOf(name))).toContain("index.mjs.map");
  });

  it.each(FUNCTION_NAMES.filter((name) => name !== "alerts"))("of %s does not start without a table", async (name) => {
    const { CARILLON_TABLE: _, ...without } = EXAMPLE_ENVIRONMENT;

    await expect(run(name, [], { environment: without })).rejects.toThrow(
      `Cannot start function ${name}: CARILLON_TABLE is missing`,
    );
  });

  it("hold no more than each function needs", () => {
    const sizes = new Map<FunctionName, BundleSize>(FUNCTION_NAMES.map((name) => [name, bundleSize(folderOf(name))]));
    const holding = (pattern: RegExp) =>
      FUNCTION_NAMES.filter((name) => sizes.get(name)?.inputs.some((input) => pattern.test(input.name)));

    expect(holding(/^(?:hono|zod-openapi)$/)).toEqual(["api"]);
    expect(holding(/^@aws-sdk\/client-ssm$/)).toEqual(["alerts"]);
    expect(holding(/^@aws-sdk\/client-scheduler$/)).toEqual(["api", "tick"]);
    // To end a run, or to find one that is due, may start the next steps of a workflow, with expressions and parameters.
    expect(holding(/^(?:ajv|re2js|@marcbachmann\/cel-js)$/)).toEqual(["api", "tick", "settle", "engine"]);
    // Shapes of definitions are checked where they come in.
    expect(holding(/^zod$/)).toEqual(["api"]);
    expect(holding(/^(?:yaml|aws-xray-sdk-core|@aws-sdk\/credential-provider-sso)$/)).toEqual([]);
  });

  it("log one line of JSON an event, with the ids of the event and the invocation", async () => {
    const { outcomes, lines } = await run("authorizer", [authorizerEvent("Basic cm9vdDpyb290")]);

    expect(outcomes).toEqual([{ value: { isAuthorized: false } }]);
    expect(lines).toMatchObject([
      {
        level: "WARN",
        message: "refused",
        problem: "unauthenticated",
        correlation_id: "JKJaXmPLvHcESHA=",
        function_request_id: lambdaContext().awsRequestId,
      },
    ]);
  });

  it("of admin makes a token that the one of authorizer finds in the table", async () => {
    const environment = { ...EXAMPLE_ENVIRONMENT, AWS_ENDPOINT_URL_DYNAMODB: dynamo.endpoint };

    const made = await run("admin", [{ newAdminToken: { name: "ana" } }], { environment });
    const [{ value }] = made.outcomes as [{ readonly value: { readonly token: string } }];
    const asked = await run("authorizer", [authorizerEvent(`Bearer ${value.token}`)], { environment });

    expect(asked.outcomes).toMatchObject([{ value: { isAuthorized: true } }]);
    expect(JSON.stringify([made.lines, asked.lines])).not.toContain(value.token);
  });

  it("tell why they failed before Lambda hears of it", async () => {
    const { outcomes, lines } = await run("admin", [{}, { newAdminToken: { name: "A" } }]);

    expect(outcomes).toMatchObject([
      { error: expect.stringContaining("newAdminToken must be an object") as string },
      { error: expect.stringContaining('got "A"') as string },
    ]);
    expect(lines).toMatchObject([
      { level: "ERROR", message: "failed", error: { name: "TypeError" } },
      { level: "ERROR", message: "failed" },
    ]);
  });

  it("hold the tracer when the stack wants traces, and run on without when it wants them later", async () => {
    const environment = { ...EXAMPLE_ENVIRONMENT, POWERTOOLS_TRACE_ENABLED: "true", NODE_NO_WARNINGS: "1" };
    const traced = await bundleFunctions(join(folder, "traced"), { tracing: true, only: ["admin"] });
    const tracedFolder = traced.get("admin") ?? "";

    expect(bundleSize(tracedFolder).inputs.map(({ name }) => name)).toContain("aws-xray-sdk-core");
    expect((await run("admin", [], { environment, folder: tracedFolder })).outcomes).toEqual([]);
    expect((await run("admin", [{}], { environment })).outcomes).toMatchObject([
      { error: expect.any(String) as string },
    ]);
  });
});
