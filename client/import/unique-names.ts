/** Gives out job names, each once. */
export class UniqueNames {
  readonly #taken = new Set<string>();

  /**
   * The wanted name; when it is taken, the name with a short hash of `origin` behind it. A hash rather than a count, so
   * that a line put into the file above does not rename the jobs below it when the file is imported again.
   */
  take(wanted: string, origin: string): string {
    const hashed = `${wanted}-${hash(origin)}`;
    let name = this.#taken.has(wanted) ? hashed : wanted;
    for (let count = 2; this.#taken.has(name); count++) name = `${hashed}-${count}`;
    this.#taken.add(name);
    return name;
  }
}

const MAX_SLUG_LENGTH = 63;

/** A job name made of any text: `"Größe (täglich)"` → `"grosse-taglich"`; `undefined` when nothing of it is left. */
export function slugify(text: string): string | undefined {
  const slug = text
    .normalize("NFKD")
    .replaceAll("ß", "ss")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/^-|-$/g, "");
  return slug === "" ? undefined : slug;
}

/** FNV-1a, 32 bits, as hexadecimal. See http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): string {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return state.toString(16).padStart(8, "0").slice(0, 6);
}
