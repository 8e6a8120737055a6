import { Document, visit } from "yaml";
import { escapeUnprintable, isPrintable } from "./printable.ts";

/**
 * Definitions as YAML documents that `apply` reads back to the same: long texts stay in one line, nothing is aliased,
 * and what a terminal might act on is escaped.
 */
export function definitionYaml(...definitions: readonly object[]): string {
  return definitions.map(toYaml).join("---\n");
}

function toYaml(definition: object): string {
  const document = new Document(definition, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      // Only double quotes know escapes.
      if (typeof node.value === "string" && !isPrintable(node.value)) node.type = "QUOTE_DOUBLE";
    },
  });
  return escapeUnprintable(document.toString({ lineWidth: 0 }));
}
