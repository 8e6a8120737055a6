import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { RE2JS } from "re2js";
import { CarillonError } from "../errors.ts";
import type { JsonObject } from "../json.ts";

const MAX_SCHEMAS = 1_000;
const MAX_ERRORS_TOLD = 5;
const compiled = new Map<string, ValidateFunction>();

/**
 * Compiles the JSON Schema (2020-12) of a job's parameters. Schemas may not refer to others; their patterns are
 * matched in linear time (RE2 syntax: no look-around, no back-references).
 *
 * @throws {CarillonError} `parameters-invalid`, or `regex-unsafe` for a pattern that RE2 does not know, at `/parametersSchema`
 */
export function compileParametersSchema(schema: JsonObject): ValidateFunction {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known !== undefined) return known;
  let validate: ValidateFunction;
  try {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true, code: { regExp: linearPattern } });
    formats.default(ajv);
    validate = ajv.compile(schema);
  } catch (error) {
    if (error instanceof CarillonError) throw error;
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
  if (isValid(validate, parameters)) return;
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

/** A schema that refers to itself without an end overflows the stack on use only. */
function isValid(validate: ValidateFunction, parameters: JsonObject): boolean {
  try {
    return validate(parameters);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = "Cannot use the parameters' schema: it refers to itself without an end";
    throw new CarillonError("parameters-invalid", message, { pointer: "/parametersSchema", cause: error });
  }
}

/** The patterns of users run in the server's own process: an engine that backtracks could be held up for hours. */
function linearPattern(pattern: string): { test(text: string): boolean; toString(): string } {
  try {
    const compiled = RE2JS.compile(pattern);
    // ajv tells patterns apart by their text form.
    return { test: (text) => compiled.matcher(text).find(), toString: () => `/${pattern}/` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Cannot use pattern ${JSON.stringify(pattern.slice(0, 60))}: ${reason}; look-around and back-references are not supported`;
    throw new CarillonError("regex-unsafe", message, { pointer: "/parametersSchema", cause: error });
  }
}
// ajv's own code for validators that are written to files; these never are.
linearPattern.code = "new RegExp";
