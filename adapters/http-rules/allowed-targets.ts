/**
 * Reads the targets that HTTP jobs may call although they are private: `host:port` for every namespace, or
 * `namespace=host:port`.
 */
export function allowedTargets(rules: readonly string[]): (namespace: string) => readonly string[] {
  const byNamespace = new Map<string, string[]>();
  for (const rule of rules) {
    const split = rule.indexOf("=");
    const namespace = split < 0 ? EVERY : rule.slice(0, split);
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), rule.slice(split + 1)]);
  }
  return (namespace) => [...(byNamespace.get(EVERY) ?? []), ...(byNamespace.get(namespace) ?? [])];
}

const EVERY = "*";
