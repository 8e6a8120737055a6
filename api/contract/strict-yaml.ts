import { type Document, isScalar, LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import type { Json } from "../../core/json.ts";
import type { ErrorCode } from "./error-codes.ts";
import { FILE_LIMITS, MAX_YAML_DOCUMENTS, type TextLimits } from "./limits.ts";
import { escapeInvisible } from "./quote.ts";
import { readText } from "./text-input.ts";
import { type Position, positionOf, YamlFaults } from "./yaml-faults.ts";
import { YamlReader } from "./yaml-reader.ts";

export interface YamlOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly limits?: TextLimits;
}

export interface YamlDocument {
  readonly value: Json;
  /** Where the value at a JSON Pointer begins in the file, from 1; of what is missing, where its nearest parent does. */
  locate(pointer: string): Position;
}

/**
 * Reads the documents of a YAML 1.2 text (core schema): dates and `yes` stay texts. Empty documents are left out.
 * Refused: what JSON cannot hold (other tags, keys that are not texts, `.inf`), duplicate keys, merge keys, YAML 1.1,
 * aliases beyond a number of uses, and all that strict JSON refuses.
 *
 * @throws {ProblemError} with all faults together, each as `file:line:column: …`
 */
export function parseYamlStrict(input: Uint8Array | string, options: YamlOptions): YamlDocument[] {
  const { file, limits = FILE_LIMITS } = options;
  const text = readText(input, limits);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    version: "1.2",
    schema: "core",
    stringKeys: true,
    intAsBigInt: true,
    prettyErrors: false,
    // The library compares every key with every other; a long map would take seconds. The reader checks keys itself.
    uniqueKeys: false,
    lineCounter: lines,
    logLevel: "silent",
  });
  const faults = new YamlFaults(file, lines);
  if (documents.length > MAX_YAML_DOCUMENTS) {
    faults.report("yaml-not-allowed", [], 0, `a file must hold at most ${MAX_YAML_DOCUMENTS} documents`);
    faults.throwIfAny();
  }
  for (const document of documents) reportSyntax(document, faults);
  faults.throwIfAny();
  const read = documents.filter(isFilled).map((document) => readDocument(document, limits, faults, lines));
  faults.throwIfAny();
  return read;
}

type ParsedDocument = Document.Parsed;

function isFilled(document: ParsedDocument): boolean {
  const { contents } = document;
  return !(isScalar(contents) && contents.value === null && contents.source === "");
}

function reportSyntax(document: ParsedDocument, faults: YamlFaults): void {
  const found: YAMLError[] = [...document.errors, ...document.warnings];
  // Too deep a text exhausts the library's stack, which it reports along with errors that only follow from it.
  const tooDeep = found.find((error) => error.code === "RESOURCE_EXHAUSTION");
  if (tooDeep !== undefined) return faults.report("json-too-deep", [], tooDeep.pos[0], "nesting is far too deep");
  for (const error of found) {
    const code = SYNTAX_CODES[error.code] ?? "yaml-syntax";
    faults.report(code, [], error.pos[0], escapeInvisible(error.message.slice(0, MAX_MESSAGE_LENGTH)));
  }
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== "1.2") {
    faults.report("yaml-not-allowed", [], document.range[0], "the YAML version must be 1.2");
  }
}

/** Messages of the library may hold a piece of the text. */
const MAX_MESSAGE_LENGTH = 200;

const SYNTAX_CODES: Readonly<Record<string, ErrorCode>> = {
  TAG_RESOLVE_FAILED: "yaml-not-allowed",
  NON_STRING_KEY: "yaml-not-allowed",
  BAD_ALIAS: "yaml-not-allowed",
};

function readDocument(
  document: ParsedDocument,
  limits: TextLimits,
  faults: YamlFaults,
  lines: LineCounter,
): YamlDocument {
  const reader = new YamlReader(document, limits.maxDepth, faults);
  const value = reader.read(document.contents, []);
  return { value, locate: (pointer) => locate(pointer, reader.offsets, lines) };
}

function locate(pointer: string, offsets: ReadonlyMap<string, number>, lines: LineCounter): Position {
  for (let parent = pointer; ; parent = parent.slice(0, parent.lastIndexOf("/"))) {
    const offset = offsets.get(parent);
    if (offset !== undefined || parent === "") return positionOf(offset ?? 0, lines);
  }
}
