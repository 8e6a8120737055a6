import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { percentile } from "./statistics.ts";

const BLOCK_BYTES = 4_096;

/** What it takes to append a block to a file of the folder and to flush it, microseconds: the price of durability here. */
export function probeDisk(folder: string, rounds = 100): { readonly p50Us: number; readonly p99Us: number } {
  const path = join(folder, "disk.probe");
  const file = openSync(path, "w");
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const tookUs: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const startMs = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      tookUs.push((performance.now() - startMs) * 1_000);
    }
  } finally {
    closeSync(file);
    rmSync(path);
  }
  tookUs.sort((a, b) => a - b);
  return { p50Us: Math.round(percentile(tookUs, 50) ?? 0), p99Us: Math.round(percentile(tookUs, 99) ?? 0) };
}
