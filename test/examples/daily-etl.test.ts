import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Run } from "../../api/contract/run.ts";
import { stepRunId } from "../../client/sdk/workflows-api.ts";
import { approveEtl, readEtl, summariseEtl } from "../../examples/demo/etl.ts";
import { eventually } from "../support/eventually.ts";
import { type Platform, startPlatform } from "../support/platform.ts";

const ETL = { namespace: "default", job: "daily-etl" };

describe("examples/workflows/daily-etl.yaml", () => {
  let folder: string;
  let platform: Platform;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "carillon-etl-"));
    platform = await startPlatform(join(folder, "data"), { workers: 1 });
    await platform.client.jobs.put(ETL.namespace, readEtl(), { ifAbsent: true });
  });

  afterAll(async () => {
    await platform.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(name: string, parameters: Record<string, number> = {}): Promise<{ id: string; files: string }> {
    const files = join(folder, name);
    const { id } = await platform.client.jobs.trigger(ETL, { parameters: { folder: files, ...parameters } });
    return { id, files };
  }

  function ended(id: string): Promise<Run> {
    return eventually(async () => {
      const run = await platform.client.runs.get(id);
      return run.endedAt === undefined ? undefined : run;
    });
  }

  it("publishes what it has loaded and repaired once it is approved, and cleans up", async () => {
    const { id, files } = await start("approved");
    await approveEtl(platform.client, id);

    expect(await ended(id)).toMatchObject({ status: "succeeded", result: { rows: 477 } });
    expect(await summariseEtl(platform.client, id)).toMatchObject({
      regions: 3,
      approvedBy: "first-admin",
      published: { rows: 477, linesInFile: 477 },
      steps: { repair: "succeeded", refuse: "skipped", tell: "skipped", "clean-up": "succeeded" },
    });
    expect(readdirSync(files).toSorted()).toEqual(["published", "work"]);
    expect(readdirSync(join(files, "work"))).toEqual([]);
  });

  it("refuses rows of which too many are bad, and tells of it", async () => {
    const { id, files } = await start("refused", { maxBadShare: 0 });

    expect(await ended(id)).toMatchObject({ status: "failed", error: { message: 'Step "refuse" failed' } });
    expect(readFileSync(join(files, "notifications"), "utf8")).toContain(
      `${id} failed: check refused, approval blocked`,
    );
  });

  it("keeps its files when it is rejected, and asks again when it is redriven", async () => {
    const { client } = platform;
    const { id, files } = await start("rejected");
    await eventually(async () => {
      const { steps } = await client.workflows.steps(id);
      return steps.some(({ name, status }) => name === "approve" && status === "running") ? true : undefined;
    });
    await client.workflows.reject(stepRunId(id, "approve"), { note: "not today" });
    expect(await ended(id)).toMatchObject({ status: "failed" });
    expect(readFileSync(join(files, "notifications"), "utf8")).toContain("check passed, approval failed");

    const redriven = await client.workflows.redrive(id);
    await approveEtl(client, redriven.id);
    expect(await ended(redriven.id)).toMatchObject({ status: "succeeded", result: { rows: 477 } });
    expect(readdirSync(join(files, "work"))).toEqual([]);
  });
});
