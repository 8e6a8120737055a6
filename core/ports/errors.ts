/**
 * What can go wrong at a port, in the core's own words. Adapters translate their engine's errors and keep the cause.
 *
 * - `UNAVAILABLE`: nothing was applied; trying again later may help.
 * - `THROTTLED`: nothing was applied; trying again slower may help.
 * - `UNKNOWN_OUTCOME`: it may or may not have been applied: read back.
 * - `STORAGE_FULL`: nothing was applied; space must be made.
 * - `INVALID`: the caller broke the port's rules; a bug.
 */
export type PortErrorCode = "UNAVAILABLE" | "THROTTLED" | "UNKNOWN_OUTCOME" | "STORAGE_FULL" | "INVALID";

export class PortError extends Error {
  readonly code: PortErrorCode;

  constructor(code: PortErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "PortError";
    this.code = code;
  }
}
