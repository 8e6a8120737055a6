/** Headers that say how the message is framed or routed: set by the client, or never. */
const REFUSED =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|http2-settings|proxy-.*|carillon-.*)$/;
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

export type Headers = Readonly<Record<string, string>>;

/** @returns why a job may not send these headers, naming the first that it may not, or `undefined` */
export function checkHeaders(headers: Headers): { readonly header: string; readonly rule: string } | undefined {
  for (const [header, value] of Object.entries(headers)) {
    if (!NAME.test(header)) return { header, rule: "must be an HTTP header name" };
    if (REFUSED.test(header.toLowerCase())) return { header, rule: "is set by the client, not by a job" };
    if (!VALUE.test(value)) return { header, rule: "must not contain control characters or characters beyond Latin-1" };
  }
  return undefined;
}
