/** The body of a request: nothing, bytes or a text as they are, and anything else as JSON. */
export function bodyOf(body: unknown): { readonly body?: string | Uint8Array<ArrayBuffer> } {
  if (body === undefined) return {};
  if (typeof body === "string") return { body };
  return { body: body instanceof Uint8Array ? Uint8Array.from(body) : JSON.stringify(body) };
}
