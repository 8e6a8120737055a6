import type { Row } from "./row.ts";
import { ACCESS } from "./rows-access.ts";
import { DEFINITIONS } from "./rows-definitions.ts";
import { SCHEDULES } from "./rows-schedules.ts";
import { STATES } from "./rows-states.ts";
import { TARGETS } from "./rows-targets.ts";
import { TRANSPORT } from "./rows-transport.ts";

/** Every bad input of the catalogue that is one request, by what it is about. */
export const ROWS: readonly (readonly [about: string, rows: readonly Row[]])[] = [
  ["in transport", TRANSPORT],
  ["in schedules", SCHEDULES],
  ["in definitions", DEFINITIONS],
  ["against what is stored", STATES],
  ["in targets of HTTP jobs", TARGETS],
  ["about access", ACCESS],
];
