import type { Core } from "../../core/services/core.ts";

/** `/readyz` needs no token, so that its callers must not be able to make the store busy. */
const TRUSTED_MS = 1_000;
const PROBE = { pk: "probe", sk: "api" };

/** Finds out whether the store takes a write and gives it back; at most once a second. */
export class StoreProbe {
  readonly #core: Pick<Core, "table" | "clock">;
  #last: { readonly atMs: number; readonly isUsable: Promise<boolean> } | undefined;

  constructor(core: Pick<Core, "table" | "clock">) {
    this.#core = core;
  }

  isUsable(): Promise<boolean> {
    const atMs = this.#core.clock.monotonicMs();
    if (this.#last === undefined || atMs - this.#last.atMs >= TRUSTED_MS)
      this.#last = { atMs, isUsable: this.#probe() };
    return this.#last.isUsable;
  }

  async #probe(): Promise<boolean> {
    const { table, clock } = this.#core;
    try {
      const written = await table.put(PROBE, { atMs: clock.nowMs() }, "any");
      return written.ok && (await table.get(PROBE)) !== undefined;
    } catch {
      return false;
    }
  }
}
