/** How often something was done or seen, by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, by = 1): void {
    this.#counts.set(name, this.of(name) + by);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** Those whose names begin with `prefix`, without it. */
  under(prefix: string): Readonly<Record<string, number>> {
    const names = [...this.#counts.keys()].filter((name) => name.startsWith(prefix)).sort();
    return Object.fromEntries(names.map((name) => [name.slice(prefix.length), this.of(name)]));
  }

  sum(prefix: string): number {
    return Object.values(this.under(prefix)).reduce((total, count) => total + count, 0);
  }
}
