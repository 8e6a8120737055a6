const MAX_KEY_LENGTH = 256;

/**
 * Writes a path as a JSON Pointer: `["labels", "a/b", 0]` → `/labels/a~1b/0`. The empty path points to the whole value.
 * Keys beyond 256 characters are cut, so that hostile input cannot blow up the answer that points into it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6901
 */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${clip(String(key)).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function clip(key: string): string {
  return key.length > MAX_KEY_LENGTH ? `${key.slice(0, MAX_KEY_LENGTH)}…` : key;
}
