import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type JobDefinition, parseJobDefinition } from "../../api/contract/job-definition.ts";
import { type FieldError, ProblemError } from "../../api/contract/problem.ts";
import { FILE_LIMITS } from "../../api/contract/limits.ts";
import { type Json, parseJsonStrict } from "../../api/contract/strict-json.ts";
import { parseYamlStrict } from "../../api/contract/strict-yaml.ts";
import { CliError, type Fault } from "./cli-error.ts";
import type { Locate } from "./faults.ts";
import type { Io } from "./io.ts";
import { nameOf, readInput, STDIN, unreadable } from "./read-input.ts";

/** A document of a file, and where its parts stand in it. */
export interface SourcedDocument {
  readonly value: Json;
  readonly locate: Locate;
}

/** A job as its author wrote it, and where. */
export interface SourcedJob {
  readonly definition: JobDefinition;
  readonly locate: Locate;
}

const MAX_FILES = 10_000;
const MAX_FOLDER_DEPTH = 16;

/**
 * Reads the jobs in files (YAML with any number of documents, or JSON), folders (their `.yaml`, `.yml` and `.json`
 * files, at any depth, by name) and standard input (`-`).
 *
 * @throws {CliError} with the faults of all files together, before anything is sent
 */
export async function readJobs(files: readonly string[], io: Io): Promise<readonly SourcedJob[]> {
  const documents = await readDocuments(files, io);
  const faults: Fault[] = [];
  const jobs: SourcedJob[] = [];
  const places = new Map<string, string | undefined>();
  for (const { value, locate } of documents) {
    try {
      const definition = parseJobDefinition(value);
      if (places.has(definition.name)) {
        const detail = `Job "${definition.name}" is defined twice, first at ${places.get(definition.name)}`;
        faults.push({ place: locate("/name"), pointer: "/name", code: "name-taken", detail });
      }
      places.set(definition.name, locate("/name"));
      jobs.push({ definition, locate });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      faults.push(...located(error.problem.errors ?? [], locate));
    }
  }
  refuseFaults(faults);
  return jobs;
}

/** As `readJobs`, for documents of any kind. */
export async function readDocuments(files: readonly string[], io: Io): Promise<readonly SourcedDocument[]> {
  const documents: SourcedDocument[] = [];
  const faults: Fault[] = [];
  for (const file of (await Promise.all(files.map((file) => listFiles(file, io)))).flat()) {
    const bytes = await readInput(file, io);
    try {
      documents.push(...parseFile(bytes, nameOf(file)));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { errors = [], detail } = error.problem;
      // Faults of a YAML text tell their place themselves.
      if (errors.length === 0) faults.push({ place: nameOf(file), pointer: "", code: error.code, detail });
      else faults.push(...located(errors, () => (file.endsWith(".json") ? file : undefined)));
    }
  }
  refuseFaults(faults);
  if (documents.length === 0)
    throw new CliError("body-required", `Cannot read ${files.map(nameOf).join(", ")}: there is no definition`);
  return documents;
}

function parseFile(bytes: Uint8Array, file: string): SourcedDocument[] {
  if (file.endsWith(".json")) return [{ value: parseJsonStrict(bytes, FILE_LIMITS), locate: () => file }];
  return parseYamlStrict(bytes, { file }).map((document) => ({
    value: document.value,
    locate: (pointer) => {
      const { line, column } = document.locate(pointer);
      return `${file}:${line}:${column}`;
    },
  }));
}

function located(errors: readonly FieldError[], locate: Locate): Fault[] {
  return errors.map(({ pointer, code, detail }) => ({ place: locate(pointer), pointer, code, detail }));
}

function refuseFaults(faults: readonly Fault[]): void {
  const [first] = faults;
  if (first === undefined) return;
  const isShared = faults.every(({ code }) => code === first.code);
  const more = faults.length - 1;
  const detail = more === 0 ? first.detail : `${first.detail} (and ${more} more ${more === 1 ? "error" : "errors"})`;
  throw new CliError(isShared ? first.code : "validation-failed", detail, { faults });
}

async function listFiles(file: string, io: Io): Promise<readonly string[]> {
  if (file === STDIN) return [STDIN];
  try {
    if (!(await stat(resolve(io.cwd, file))).isDirectory()) return [file];
  } catch (error) {
    throw unreadable(file, error);
  }
  return listFolder(file, io, 1);
}

async function listFolder(folder: string, io: Io, depth: number): Promise<readonly string[]> {
  if (depth > MAX_FOLDER_DEPTH) throw new CliError("file-unreadable", `Cannot read ${folder}: folders nest too deeply`);
  const entries = await readdir(resolve(io.cwd, folder), { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
    if (entry.isDirectory()) files.push(...(await listFolder(path, io, depth + 1)));
    else if (/\.(ya?ml|json)$/.test(entry.name)) files.push(path);
  }
  if (files.length > MAX_FILES)
    throw new CliError("file-unreadable", `Cannot read ${folder}: more than ${MAX_FILES} files`);
  return files;
}
