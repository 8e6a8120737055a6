import {
  type ASTNode,
  EvaluationError,
  ParseError,
  type ParseResult,
  TypeError as CelTypeError,
} from "@marcbachmann/cel-js";
import type { Json, JsonObject } from "../json.ts";
import { readInstant } from "../schedule/instant.ts";
import { quote } from "../schedule/schedule-error.ts";
import { authorsNames, celEnvironment, type CelPlace, ownFunction } from "./cel-environment.ts";
import { childrenOf, fieldAccess, loopDepth } from "./cel-syntax.ts";
import { fromCel, toCel } from "./cel-values.ts";
import type { StepState, StepStates } from "./step-state.ts";
import { WorkflowError } from "./workflow-error.ts";

/** An expression that has been read and checked. */
export interface Expression {
  readonly text: string;
  /** Steps whose output or status it names. */
  readonly steps: readonly string[];
  /**
   * @throws {ExpressionFault} when it has no value: a key that is not there, kinds that do not fit, a loop that is too long
   */
  evaluate(scope: Scope): Json;
}

/** What the variables of expressions stand for. */
export interface Scope {
  /** `parameters` */
  readonly parameters: JsonObject;
  /** `slot` */
  readonly slotAtMs: number;
  /** `run`: the id of the workflow's run. @default "" */
  readonly runId?: string | undefined;
  /**
   * `steps.<name>.status`, `output` and `error`, a key that is there only if the step has it; and `failures`, the steps that
   * have failed themselves, by name, each with `step`, `name` and `message`.
   */
  readonly states: StepStates;
  /** `item` and `index`, within a map. */
  readonly item?: { readonly value: Json; readonly index: number };
}

/** How an expression is used, which tells the kinds of values that it may give. */
export type ExpressionUse = "condition" | "list" | "instant" | "value";

export interface ExpressionRules extends CelPlace {
  readonly use: ExpressionUse;
  /** JSON pointer of the text. */
  readonly pointer: string;
  /** Where the expression begins in the text. @default 0 */
  readonly offset?: number;
  /** What forbids that the expression names a step, in words, or `undefined` when it may. */
  readonly stepProblem: (name: string) => string | undefined;
}

/** An expression has no value in this run. */
export class ExpressionFault extends Error {
  constructor(text: string, problem: string, cause?: unknown) {
    super(`Cannot evaluate ${quote(text)}: ${problem}`, { cause });
    this.name = "EXPRESSION_ERROR";
  }
}

const MAX_LOOP_DEPTH = 2;
/** Visits of items by one evaluation; with nested loops the items of the longest list count once for each. */
const MAX_VISITS = 10_000_000;

const STATIC_TYPES: Readonly<Record<ExpressionUse, { readonly allowed: RegExp; readonly words: string }>> = {
  condition: { allowed: /^(?:bool|dyn)$/, words: "a bool" },
  list: { allowed: /^(?:list\b.*|dyn)$/, words: "a list" },
  instant: { allowed: /^(?:google\.protobuf\.Timestamp|string|dyn)$/, words: "a timestamp" },
  value: { allowed: /^(?!bytes$|type$)/, words: "a value that JSON has" },
};

/**
 * Reads and type-checks a CEL expression.
 *
 * @throws {WorkflowError} `expression-invalid`
 */
export function compileExpression(text: string, rules: ExpressionRules): Expression {
  const ast = parse(text, rules).ast;
  const steps = stepsNamed(ast, text, rules);
  const depth = loopDepth(ast);
  checkLoops(ast, depth, { text, rules });
  const evaluate = checkTypes(parse(withOwnFunctions(text, ast), rules), text, rules);
  return { text, steps, evaluate: (scope) => run(evaluate, scope, { text, steps, depth }) };
}

/** A bool of an expression that was compiled as a condition. @throws {ExpressionFault} */
export function evaluateCondition(expression: Expression, scope: Scope): boolean {
  const value = expression.evaluate(scope);
  if (typeof value === "boolean") return value;
  throw new ExpressionFault(expression.text, `it gives ${kindOf(value)}, not a bool`);
}

/** @throws {ExpressionFault} */
export function evaluateList(expression: Expression, scope: Scope): readonly Json[] {
  const value = expression.evaluate(scope);
  if (Array.isArray(value)) return value as readonly Json[];
  throw new ExpressionFault(expression.text, `it gives ${kindOf(value)}, not a list`);
}

/** Epoch milliseconds. @throws {ExpressionFault} */
export function evaluateInstant(expression: Expression, scope: Scope): number {
  const value = expression.evaluate(scope);
  if (typeof value !== "string")
    throw new ExpressionFault(expression.text, `it gives ${kindOf(value)}, not a timestamp`);
  try {
    return readInstant(value, "");
  } catch (error) {
    throw new ExpressionFault(expression.text, `${quote(value)} is not an instant from 1970 to 2100`, error);
  }
}

function parse(text: string, rules: ExpressionRules): ParseResult {
  try {
    return celEnvironment(rules).parse(text);
  } catch (error) {
    throw refusalOf(error, text, rules);
  }
}

/** The text with the names of our own functions where the library's would be called; nothing moves. */
function withOwnFunctions(text: string, ast: ASTNode): string {
  let result = text;
  const visit = (node: ASTNode): void => {
    const own = ownFunction(node);
    if (own !== undefined) {
      const from = node.op === "rcall" ? node.args[1].end : node.start;
      const at = result.toLowerCase().indexOf(own.toLowerCase(), from);
      result = result.slice(0, at) + own + result.slice(at + own.length);
    }
    childrenOf(node).forEach(visit);
  };
  visit(ast);
  return result;
}

function checkTypes(parsed: ParseResult, text: string, rules: ExpressionRules): ParseResult {
  if (usesLibraryFunction(parsed.ast))
    throw refusal(text, 0, "a comment stands between a value and its function", rules);
  const checked = parsed.check();
  if (!checked.valid) throw refusalOf(checked.error, text, rules);
  const { allowed, words } = STATIC_TYPES[rules.use];
  const type = checked.type ?? "dyn";
  if (!allowed.test(type)) throw refusal(text, 0, `it gives ${type}, where ${words} is needed`, rules);
  return parsed;
}

function usesLibraryFunction(node: ASTNode): boolean {
  return ownFunction(node) !== undefined || childrenOf(node).some(usesLibraryFunction);
}

function checkLoops(ast: ASTNode, depth: number, { text, rules }: { text: string; rules: ExpressionRules }): void {
  if (depth > MAX_LOOP_DEPTH) {
    throw refusal(text, 0, `loops over lists are nested ${depth} deep, at most ${MAX_LOOP_DEPTH} may be`, rules);
  }
  if (depth === MAX_LOOP_DEPTH && calls(ast, "split")) {
    throw refusal(text, 0, "split() cannot stand beside nested loops: its list could be of any length", rules);
  }
}

function calls(node: ASTNode, name: string): boolean {
  return (node.op === "rcall" && node.args[0] === name) || childrenOf(node).some((child) => calls(child, name));
}

/** The steps that an expression names, each once. Only whole paths are allowed, so that all are known. */
function stepsNamed(ast: ASTNode, text: string, rules: ExpressionRules): readonly string[] {
  const names = new Set<string>();
  const visit = (node: ASTNode): void => {
    const outer = fieldAccess(node);
    const inner = outer === undefined ? undefined : fieldAccess(outer.of);
    if (outer !== undefined && inner !== undefined && isVariable(inner.of, "steps")) {
      const problem = problemOfPath(inner.field, outer.field, rules);
      if (problem !== undefined) throw refusal(text, outer.of.start, problem, rules);
      names.add(inner.field);
      return;
    }
    if (isVariable(node, "steps")) {
      throw refusal(
        text,
        node.start,
        'steps are named in full, such as steps.load.output or steps["my-step"].status',
        rules,
      );
    }
    if (isVariable(node, "cel")) throw refusal(text, node.start, "Unknown variable: cel", rules);
    childrenOf(node).forEach(visit);
  };
  visit(ast);
  return [...names];
}

function problemOfPath(step: string, field: string, rules: ExpressionRules): string | undefined {
  const problem = rules.stepProblem(step);
  if (problem !== undefined) return problem;
  const isField = field === "output" || field === "status" || field === "error";
  return isField ? undefined : `a step has "output", "status" and "error", not "${field}"`;
}

function isVariable(node: ASTNode, name: string): boolean {
  return node.op === "id" && node.args === name;
}

function run(
  evaluate: ParseResult,
  scope: Scope,
  about: { text: string; steps: readonly string[]; depth: number },
): Json {
  const { text, steps, depth } = about;
  const { bindings, longest } = bindingsOf(scope, steps);
  if (longest ** depth > MAX_VISITS) {
    throw new ExpressionFault(text, `its loops could visit more than ${MAX_VISITS} items`);
  }
  try {
    return fromCel(evaluate(bindings));
  } catch (error) {
    throw new ExpressionFault(text, problemOf(error), error);
  }
}

function bindingsOf(scope: Scope, steps: readonly string[]): { bindings: Record<string, unknown>; longest: number } {
  const parameters = toCel(scope.parameters);
  const named = steps.map((name) => [name, stepToCel(scope.states.get(name))] as const);
  const item = scope.item === undefined ? undefined : toCel(scope.item.value);
  return {
    bindings: {
      parameters: parameters.value,
      slot: new Date(scope.slotAtMs),
      run: scope.runId ?? "",
      failures: failuresOf(scope.states),
      steps: new Map(named.map(([name, { value }]) => [name, value])),
      ...(scope.item !== undefined && { item: item?.value, index: BigInt(scope.item.index) }),
    },
    longest: Math.max(parameters.longest, item?.longest ?? 0, ...named.map(([, { longest }]) => longest)),
  };
}

function failuresOf(states: StepStates): readonly Map<string, string>[] {
  return [...states]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([step, state]) => {
      if (state.status !== "failed") return [];
      const { name = "", message = "" } = state.error ?? {};
      return new Map(Object.entries({ step, name, message }));
    });
}

function stepToCel(state: StepState | undefined): { value: Map<string, unknown>; longest: number } {
  const value = new Map<string, unknown>([["status", state?.status ?? "waiting"]]);
  if (state?.status === "failed" && state.error !== undefined) {
    const { name, message } = state.error;
    value.set("error", new Map(Object.entries({ name, message })));
  }
  if (state === undefined || !("output" in state) || state.output === undefined) return { value, longest: 0 };
  const output = toCel(state.output);
  return { value: value.set("output", output.value), longest: output.longest };
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return { string: "a text", number: "a number", boolean: "a bool" }[typeof value as string] ?? "a map";
}

function problemOf(error: unknown): string {
  if (error instanceof EvaluationError || error instanceof ParseError || error instanceof CelTypeError) {
    return authorsNames(error.summary);
  }
  return error instanceof Error ? error.message : String(error);
}

function refusalOf(error: unknown, text: string, rules: ExpressionRules): WorkflowError {
  const range = error instanceof ParseError || error instanceof CelTypeError ? error.range : undefined;
  return refusal(text, range?.start ?? 0, problemOf(error), rules);
}

function refusal(text: string, at: number, problem: string, { pointer, offset = 0 }: ExpressionRules): WorkflowError {
  const position = at + offset;
  return new WorkflowError("expression-invalid", {
    pointer,
    position,
    message: `Cannot use expression ${quote(text)}, at ${position}: ${problem}`,
  });
}
