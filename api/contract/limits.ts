/** The most that one request body may hold, in bytes of UTF-8. */
export const MAX_BODY_BYTES = 256 * 1024;
/** The most that a file of definitions or manifests may hold, in bytes of UTF-8. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** The most that the parameters of a job or run may hold, in bytes of their JSON text. */
export const MAX_PAYLOAD_BYTES = 128 * 1024;
/** Levels of arrays and objects; `{"a":[1]}` has two. */
export const MAX_JSON_DEPTH = 20;
/** Uses of YAML aliases in one file: each use repeats what its anchor holds. */
export const MAX_YAML_ALIASES = 100;
/** Documents between `---` lines in one file. */
export const MAX_YAML_DOCUMENTS = 1_000;
/** Faults reported together for one input. */
export const MAX_REPORTED_ERRORS = 50;
export const MAX_LABELS = 50;
/** Characters of a value that a message quotes. */
export const MAX_QUOTED_LENGTH = 64;

/** Bounds on one text that becomes data. */
export interface TextLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

export const BODY_LIMITS: TextLimits = { maxBytes: MAX_BODY_BYTES, maxDepth: MAX_JSON_DEPTH };
export const FILE_LIMITS: TextLimits = { maxBytes: MAX_FILE_BYTES, maxDepth: MAX_JSON_DEPTH };

/** Keys by which careless code downstream could reach an object's prototype. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
