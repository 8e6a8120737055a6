/**
 * Replaces `$(NAME)` as Kubernetes does in `command`, `args` and values of `env`: names that are not known stay as they
 * are, and `$$` is one plain `$`, so that `$$(NAME)` becomes the text `$(NAME)`.
 *
 * @see https://kubernetes.io/docs/tasks/inject-data-application/define-environment-variable-container/
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(REFERENCE, (whole, name?: string) => (name === undefined ? "$" : (variables.get(name) ?? whole)));
}

/** Names in `$(NAME)` that are not known. */
export function unknownVariables(text: string, variables: ReadonlyMap<string, string>): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name]) => (name === undefined || variables.has(name) ? [] : [name]));
}

const REFERENCE = /\$(?:\$|\(([^)]*)\))/g;
