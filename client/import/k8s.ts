import { type JobDefinition, parseJobDefinition } from "../../api/contract/job-definition.ts";
import { ProblemError } from "../../api/contract/problem.ts";
import { quoteValue } from "../../api/contract/quote.ts";
import type { Json, JsonObject } from "../../api/contract/strict-json.ts";
import { parseYamlStrict, type YamlDocument } from "../../api/contract/strict-yaml.ts";
import { validate } from "../../api/contract/validate.ts";
import { ImportNotes, type ImportResult } from "./import-result.ts";
import { jobOfCronJob } from "./k8s-job.ts";
import { cronJobSchema } from "./k8s-manifest.ts";
import { slugify, UniqueNames } from "./unique-names.ts";

export interface K8sOptions {
  /** Name of the file, for messages and the label `imported-from`. */
  readonly source: string;
  /** Zone of the cluster's controller manager, for manifests that name none. Default: UTC, as nearly everywhere. */
  readonly timezone?: string;
}

/**
 * Turns CronJob manifests (`batch/v1`) into jobs. The text may hold several documents and `List`s; other kinds are noted
 * and left out. The command runs on a worker, not in the container's image.
 *
 * @throws {ProblemError} when the text is not YAML that can be trusted
 */
export function importK8sCronJobs(text: string, options: K8sOptions): ImportResult {
  const reader = new ManifestReader(options);
  for (const document of parseYamlStrict(text, { file: options.source })) reader.read(document, document.value, "");
  return reader.finish();
}

const API_VERSIONS = new Set(["batch/v1", "batch/v1beta1"]);

class ManifestReader {
  readonly #options: K8sOptions;
  readonly #jobs: JobDefinition[] = [];
  readonly #paused: string[] = [];
  readonly #names = new UniqueNames();
  readonly #notes = new ImportNotes();

  constructor(options: K8sOptions) {
    this.#options = options;
  }

  /** @param pointer - where the manifest stands within its document */
  read(document: YamlDocument, manifest: Json, pointer: string): void {
    const { line } = document.locate(pointer);
    if (!isObject(manifest)) return this.#notes.add(line, "error", "Left out: a manifest must be an object");
    const { apiVersion, kind, items } = manifest;
    if (kind === "List" || kind === "CronJobList") {
      const list = Array.isArray(items) ? (items as readonly Json[]) : [];
      for (const [index, item] of list.entries()) this.read(document, item, `${pointer}/items/${index}`);
    } else if (kind !== "CronJob") {
      this.#notes.add(line, "info", `Left out: kind ${quoteValue(kind ?? null)} is not a CronJob`);
    } else if (typeof apiVersion !== "string" || !API_VERSIONS.has(apiVersion)) {
      this.#notes.add(line, "error", `Left out: apiVersion must be batch/v1; got ${quoteValue(apiVersion ?? null)}`);
    } else {
      this.#readCronJob(document, manifest, pointer);
    }
  }

  finish(): ImportResult {
    return { jobs: this.#jobs, paused: this.#paused, notes: this.#notes.sorted() };
  }

  #readCronJob(document: YamlDocument, manifest: JsonObject, pointer: string): void {
    const lineOf = (inner: string): number => document.locate(pointer + inner).line;
    try {
      const cronJob = validate(cronJobSchema, manifest, { readOnlyFields: [] });
      const { name, namespace } = cronJob.metadata;
      const definition = jobOfCronJob(cronJob, {
        source: this.#options.source,
        timezone: this.#options.timezone,
        note: (at, level, text) => this.#notes.add(lineOf(at), level, `${name}: ${text}`),
      });
      if (definition === undefined) return;
      const jobName = this.#names.take(slugify(name) ?? "job", `${namespace ?? "default"}/${name}`);
      this.#jobs.push(parseJobDefinition({ name: jobName, ...definition }));
      if (cronJob.spec.suspend === true) this.#paused.push(jobName);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      for (const { pointer: at, detail } of error.problem.errors ?? []) {
        this.#notes.add(lineOf(at), "error", `Left out: ${detail}`);
      }
    }
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
