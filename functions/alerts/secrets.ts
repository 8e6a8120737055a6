/** Reads secrets by name. */
export interface Secrets {
  /** @throws when there is none of this name, or it may not be read */
  get(name: string): Promise<string>;
}

/** Remembers what it has read; what could not be read is read again when it is next asked for. */
export class CachedSecrets implements Secrets {
  readonly #read: (name: string) => Promise<string>;
  readonly #known = new Map<string, Promise<string>>();

  constructor(read: (name: string) => Promise<string>) {
    this.#read = read;
  }

  get(name: string): Promise<string> {
    const known = this.#known.get(name) ?? this.#read(name);
    this.#known.set(name, known);
    known.catch(() => this.#known.delete(name));
    return known;
  }
}
