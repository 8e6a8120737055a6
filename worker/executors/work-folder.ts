import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "./failure.ts";

/** The folder in which an attempt's process starts. */
export interface WorkFolder {
  readonly path: string;
  /** Removes the folder with all it holds, when it was made for the attempt. Never throws. @returns what went wrong */
  remove(): Promise<string | undefined>;
}

/**
 * Makes an empty folder for one attempt below `root`, readable by its own user only, or takes the one that is given.
 *
 * @throws {Failure} `WORKING_FOLDER_MISSING` when the given path is not a folder; `SPAWN_FAILED` when none can be made
 */
export async function openWorkFolder(root: string, given?: string): Promise<WorkFolder> {
  if (given !== undefined) {
    const isFolder = await stat(given).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isFolder) return { path: given, remove: () => Promise.resolve(undefined) };
    const message = `Cannot start in ${JSON.stringify(given)}: there is no such folder`;
    throw new Failure("WORKING_FOLDER_MISSING", message, { retryable: false });
  }
  const path = await makeFolder(root);
  return { path, remove: () => removeFolder(path) };
}

async function makeFolder(root: string): Promise<string> {
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    return await mkdtemp(join(root, "carillon-"));
  } catch (cause) {
    throw new Failure("SPAWN_FAILED", `Cannot make a working folder: ${(cause as Error).message}`, { cause });
  }
}

function removeFolder(path: string): Promise<string | undefined> {
  return rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 }).then(
    () => undefined,
    (error: Error) => `Cannot remove working folder ${path}: ${error.message}`,
  );
}
