import type { FakeProcess } from "./fake-ecs-task.ts";

/** A process that a test ends by hand, or that ends with a code of its own at SIGTERM. */
export class HandProcess implements FakeProcess {
  readonly signals: string[] = [];
  readonly exited: Promise<number>;
  readonly exit: (code: number) => void;
  readonly #atSigterm: number | "never";

  /** @param options.atSigterm - with which exit code it ends then */
  constructor({ atSigterm }: { readonly atSigterm: number | "never" }) {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.exited = promise;
    this.exit = resolve;
    this.#atSigterm = atSigterm;
  }

  stop(signal: "SIGTERM" | "SIGKILL"): void {
    this.signals.push(signal);
    if (signal === "SIGKILL") this.exit(137);
    else if (this.#atSigterm !== "never") this.exit(this.#atSigterm);
  }
}
