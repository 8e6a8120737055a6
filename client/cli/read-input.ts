import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { MAX_FILE_BYTES } from "../../api/contract/limits.ts";
import { CliError } from "./cli-error.ts";
import type { Io } from "./io.ts";

/** Standard input in place of a file. */
export const STDIN = "-";

/**
 * Reads a file, a pipe or, for `-`, standard input. Never more than fits is held, however long the input goes on.
 *
 * @throws {CliError} when it can't be read, is empty on standard input, or exceeds `MAX_FILE_BYTES`
 */
export async function readInput(file: string, io: Io): Promise<Uint8Array> {
  const bytes = file === STDIN ? await io.readStdin(MAX_FILE_BYTES) : await readBounded(resolve(io.cwd, file), file);
  if (bytes.byteLength > MAX_FILE_BYTES) {
    throw new CliError("body-too-large", `Cannot read ${nameOf(file)}: it must be at most ${MAX_FILE_BYTES} bytes`);
  }
  if (file === STDIN && bytes.byteLength === 0) {
    throw new CliError("body-required", "Cannot read standard input: it is empty");
  }
  return bytes;
}

/** How messages name the input. */
export function nameOf(file: string): string {
  return file === STDIN ? "standard input" : file;
}

async function readBounded(path: string, file: string): Promise<Uint8Array> {
  try {
    await using handle = await open(path, constants.O_RDONLY);
    const chunks: Buffer[] = [];
    for (let bytes = 0; bytes <= MAX_FILE_BYTES;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    return Buffer.concat(chunks);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** A file system error in words. */
export function unreadable(file: string, cause: unknown): CliError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = REASONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new CliError("file-unreadable", `Cannot read ${file}: ${reason}`, { cause });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a folder",
  ELOOP: "it is a symbolic link to itself",
};
