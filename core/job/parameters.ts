import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { CarillonError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

const MAX_SCHEMAS = 1_000;
const MAX_ERRORS_TOLD = 5;
const compiled = new Map<string, ValidateFunction>();

/**
 * Compiles the JSON Schema (2020-12) of a job's parameters. Schemas may not refer to others and may not hold regular
 * expressions that can take exponential time.
 *
 * @throws {CarillonError} `parameters-invalid` or `regex-unsafe`, at `/parametersSchema`
 */
export function compileParametersSchema(schema: JsonObject): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known !== undefined) return known;
  refuseUnsafePatterns(schema, "/parametersSchema");
  let validate: ValidateFunction;
  try {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
    formats.default(ajv);
    validate = ajv.compile(schema);
  } catch (error) {
    const message = `Cannot use the parameters' schema: ${error instanceof Error ? error.message : String(error)}`;
    throw new CarillonError("parameters-invalid", message, { pointer: "/parametersSchema", cause: error });
  }
  if (compiled.size >= MAX_SCHEMAS) compiled.clear();
  compiled.set(text, validate);
  return validate;
}

/**
 * Checks parameters against their schema.
 *
 * @param options.partial - the job's own parameters, which a run may complete: missing ones are no fault
 * @throws {CarillonError} `parameters-invalid` with the pointer of the first fault
 */
export function checkParameters(schema: JsonObject, parameters: JsonObject, { partial = false } = {}): void {
  const validate = compileParametersSchema(schema);
  if (validate(parameters)) return;
  const errors = (validate.errors ?? []).filter((error) => !partial || error.keyword !== "required");
  const [first] = errors;
  if (first === undefined) return;
  const told = errors
    .slice(0, MAX_ERRORS_TOLD)
    .map(({ instancePath, message }) => `${instancePath === "" ? "they" : instancePath} ${message ?? "are not valid"}`);
  throw new CarillonError("parameters-invalid", `Cannot use these parameters: ${told.join("; ")}`, {
    pointer: `/parameters${first.instancePath}`,
  });
}

/** A quantifier inside a group that is itself quantified: the shape that backtracks exponentially, `(a+)+`. */
const NESTED_QUANTIFIER = /\((?:[^()\\]|\\.)*[*+}](?:[^()\\]|\\.)*\)[*+{]/;
const MAX_PATTERN_LENGTH = 200;

function refuseUnsafePatterns(value: unknown, pointer: string): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (
      key === "pattern" &&
      typeof inner === "string" &&
      (inner.length > MAX_PATTERN_LENGTH || NESTED_QUANTIFIER.test(inner))
    ) {
      const message = `Cannot use pattern ${JSON.stringify(inner.slice(0, 60))}: it may take exponential time or is longer than ${MAX_PATTERN_LENGTH} characters`;
      throw new CarillonError("regex-unsafe", message, { pointer: `${pointer}/pattern` });
    }
    refuseUnsafePatterns(inner, `${pointer}/${key}`);
  }
}
