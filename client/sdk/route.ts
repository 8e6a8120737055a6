/**
 * Builds the path of a request from a template; what is filled in becomes one segment each, percent-encoded.
 *
 * @throws {RangeError} when a segment is empty, `.` or `..`: a URL would drop or resolve it, and mean another resource
 */
export function route(parts: TemplateStringsArray, ...segments: readonly string[]): string {
  return parts.reduce((path, part, index) => `${path}${encodeSegment(segments[index - 1] ?? "")}${part}`);
}

function encodeSegment(segment: string): string {
  if (segment === "" || segment === "." || segment === "..") {
    throw new RangeError(`Cannot use ${JSON.stringify(segment)} as a name: it must not be empty, "." or ".."`);
  }
  return encodeURIComponent(segment);
}

/** What may stand in a query; `undefined` is left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}
