declare module "dynalite" {
  import type { Server } from "node:http";

  /** How long a table takes to be created or deleted, milliseconds. */
  export default function dynalite(options?: { createTableMs?: number; deleteTableMs?: number }): Server;
}
