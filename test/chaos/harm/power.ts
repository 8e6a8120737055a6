import { existsSync } from "node:fs";
import { losePower } from "../power-loss.ts";
import type { Harm } from "./harm.ts";

/** Takes copies of the data as a loss of power at this moment would leave it. */
export const copyData: Harm = async ({ host, workload, folder, journal, counts, copies }, random, name) => {
  const { dataFolder, databasePath } = host;
  // Without a process that has it open there is no index of the log, and nothing is written.
  if (!existsSync(`${databasePath}-shm`)) return false;
  const acknowledged = () => ({ operations: workload.operations, finals: [...workload.finals.values()] });
  const findings = await losePower({ dataFolder, databasePath, folder, acknowledged }, name.replace(" ", "-"), random);
  copies.push(...findings);
  for (const { name: copy } of findings) counts.add(`copies.${/\((\w+)\)/.exec(copy)?.[1]}`);
  journal.note(`Data copied as ${name}`);
  return true;
};
