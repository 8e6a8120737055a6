const TOKEN = /^crl_([0-9a-z]{1,32})_([A-Za-z0-9_-]{43})$/;

/** The two parts of a token: the id by which it is found, and the secret that only its owner has. */
export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

/** `crl_<id>_<secret>`: the prefix is for scanners that look for leaked credentials. */
export function formatToken({ id, secret }: TokenParts): string {
  return `crl_${id}_${secret}`;
}

/** The parts, or `undefined` when the text is not a token. */
export function parseToken(text: string): TokenParts | undefined {
  const match = TOKEN.exec(text);
  if (match === null) return undefined;
  const [, id = "", secret = ""] = match;
  return { id, secret };
}
