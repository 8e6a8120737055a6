import type { Resource } from "./deployment.ts";

/** Tokens by the throttling that the stage states. */
export class Throttle {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #atMs = performance.now();

  constructor(stage: Resource | undefined) {
    const settings = (stage?.properties["DefaultRouteSettings"] ?? {}) as Readonly<Record<string, number>>;
    this.#rate = settings["ThrottlingRateLimit"] ?? 10_000;
    this.#burst = settings["ThrottlingBurstLimit"] ?? 5_000;
    this.#tokens = this.#burst;
  }

  take(): boolean {
    const nowMs = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#atMs) / 1_000) * this.#rate);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
