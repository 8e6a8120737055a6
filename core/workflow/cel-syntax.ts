import type { ASTNode } from "@marcbachmann/cel-js";

const COMPREHENSIONS = new Set(["all", "exists", "exists_one", "map", "filter"]);

/** The nodes right below a node, in the order of the text. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  const args: unknown = node.args;
  return (Array.isArray(args) ? args.flat() : [args]).filter(isNode);
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && typeof value.op === "string";
}

/** How deep loops over lists are nested within each other. */
export function loopDepth(node: ASTNode): number {
  const own = node.op === "rcall" && COMPREHENSIONS.has(node.args[0]) && node.args[2].length > 1 ? 1 : 0;
  // The list itself is made before the loop, not within it.
  const list = own === 1 && node.op === "rcall" ? node.args[1] : undefined;
  return childrenOf(node).reduce(
    (most, child) => Math.max(most, loopDepth(child) + (child === list ? 0 : own)),
    0 + own,
  );
}

/** The node and the field of `node.field` or `node["field"]`. */
export function fieldAccess(node: ASTNode): { readonly of: ASTNode; readonly field: string } | undefined {
  if (node.op === ".") return { of: node.args[0], field: node.args[1] };
  if (node.op !== "[]") return undefined;
  const [of, key] = node.args;
  return key.op === "value" && typeof key.args === "string" ? { of, field: key.args } : undefined;
}
