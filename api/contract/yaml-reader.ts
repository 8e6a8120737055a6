import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";
import type { Json } from "../../core/json.ts";
import type { ErrorCode } from "./error-codes.ts";
import { toPointer } from "./json-pointer.ts";
import { FORBIDDEN_KEYS, MAX_YAML_ALIASES } from "./limits.ts";
import { quoteValue } from "./quote.ts";
import type { YamlFaults } from "./yaml-faults.ts";

type Path = readonly (string | number)[];
type ParsedDocument = Document.Parsed;

/** Tags that say what the core schema would find anyway. */
const CORE_TAGS = new Set(
  ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Turns the nodes of one document into JSON. */
export class YamlReader {
  /** Where values begin, by JSON Pointer; of a member of a map, where its key does. */
  readonly offsets = new Map<string, number>();
  readonly #document: ParsedDocument;
  readonly #maxDepth: number;
  readonly #faults: YamlFaults;
  #aliasesUsed = 0;

  constructor(document: ParsedDocument, maxDepth: number, faults: YamlFaults) {
    this.#document = document;
    this.#maxDepth = maxDepth;
    this.#faults = faults;
  }

  read(node: Node | null | undefined, path: Path): Json {
    if (node === null || node === undefined) return null;
    const offset = offsetOf(node);
    const pointer = toPointer(path);
    if (!this.offsets.has(pointer)) this.offsets.set(pointer, offset);
    if (isAlias(node)) return this.#readAlias(node, path);
    if (node.tag !== undefined && !CORE_TAGS.has(node.tag)) {
      return this.#refuse("yaml-not-allowed", path, offset, `tag ${quoteValue(node.tag)} is not allowed`);
    }
    if (isScalar(node)) return this.#readScalar(node, path, offset);
    if (path.length >= this.#maxDepth) {
      return this.#refuse("json-too-deep", path, offset, `nesting must be at most ${this.#maxDepth} levels`);
    }
    if (isSeq<Node>(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    return isMap<Scalar, Node | null>(node) ? this.#readMap(node.items, path) : null;
  }

  /** Every use counts, also one met again through another alias: so the number bounds what they unfold to. */
  #readAlias(alias: Alias, path: Path): Json {
    const offset = offsetOf(alias);
    this.#aliasesUsed++;
    if (this.#aliasesUsed > MAX_YAML_ALIASES) {
      const isFirst = this.#aliasesUsed === MAX_YAML_ALIASES + 1;
      if (isFirst)
        this.#refuse("yaml-not-allowed", path, offset, `aliases must be used at most ${MAX_YAML_ALIASES} times`);
      return null;
    }
    const target = alias.resolve(this.#document);
    if (target !== undefined) return this.read(target, path);
    return this.#refuse("yaml-not-allowed", path, offset, `alias ${quoteValue(alias.source)} names nothing above it`);
  }

  #readMap(pairs: readonly Pair<Scalar, Node | null>[], path: Path): Json {
    const object: Record<string, Json> = {};
    for (const { key: keyNode, value } of pairs) {
      const key = keyOf(keyNode, this.#document);
      const offset = offsetOf(keyNode);
      const memberPath = [...path, key];
      const pointer = toPointer(memberPath);
      if (FORBIDDEN_KEYS.has(key)) {
        this.#refuse("forbidden-key", memberPath, offset, `key ${quoteValue(key)} is not allowed`);
      } else if (Object.hasOwn(object, key)) {
        this.#refuse("yaml-duplicate-key", memberPath, offset, `key ${quoteValue(key)} occurs twice in one map`);
      } else if (key === "<<") {
        this.#refuse("yaml-not-allowed", memberPath, offset, "merge keys ('<<') are not part of YAML 1.2");
      } else {
        if (!this.offsets.has(pointer)) this.offsets.set(pointer, offset);
        object[key] = this.read(value, memberPath);
      }
    }
    return object;
  }

  #readScalar(node: Scalar, path: Path, offset: number): Json {
    const { value } = node;
    switch (typeof value) {
      case "string":
        if (value.isWellFormed()) return value;
        return this.#refuse("invalid-unicode", path, offset, `${quoteValue(value)} holds half of a surrogate pair`);
      case "bigint":
        if (value === BigInt(Number(value)) && Number.isSafeInteger(Number(value))) return Number(value);
        return this.#refuseNumber(node, path, offset, `must lie within ±${Number.MAX_SAFE_INTEGER}; quote it`);
      case "number":
        if (Number.isFinite(value)) return value === 0 ? 0 : value;
        return this.#refuseNumber(node, path, offset, "must be finite");
      case "boolean":
        return value;
      case "object":
      case "undefined":
      case "function":
      case "symbol":
        break;
    }
    return null;
  }

  #refuseNumber(node: Scalar, path: Path, offset: number, rule: string): null {
    return this.#refuse("number-out-of-range", path, offset, `the number ${quoteValue(node.source ?? "")} ${rule}`);
  }

  #refuse(code: ErrorCode, path: Path, offset: number, message: string): null {
    this.#faults.report(code, path, offset, message);
    return null;
  }
}

/** With `stringKeys` every key is a scalar holding a text, or an alias of one. */
function keyOf(node: Node, document: ParsedDocument): string {
  const scalar = isAlias(node) ? node.resolve(document) : node;
  return isScalar(scalar) ? String(scalar.value) : "";
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
