import { isAcceptedVariable } from "../../api/contract/job-definition.ts";
import { escapeMacros } from "./escape-macros.ts";
import { expandVariables, unknownVariables } from "./k8s-expand.ts";
import type { Container } from "./k8s-manifest.ts";
import { parseQuantity } from "./k8s-quantity.ts";

/** Tells the author of a manifest something about the job being made. */
export type Note = (level: "info" | "warning", text: string) => void;

const MIB = 2 ** 20;
const LEAST_MEMORY_MB = 16;

/** Makes a command executor of a container that says its command itself; `undefined` when it relies on its image. */
export function commandOf(container: Container, note: Note): Readonly<Record<string, unknown>> | undefined {
  const { command, args, workingDir } = container;
  if (command === null || command === undefined || command.length === 0) return undefined;
  const variables = readEnvironment(container, note);
  const words = [...command, ...(args ?? [])];
  const unknown = new Set(words.flatMap((word) => unknownVariables(word, variables)));
  if (unknown.size > 0)
    note("warning", `$(${[...unknown].join("), $(")}) cannot be filled in and stays in the command`);
  const environment = [...variables].map(([name, value]) => [name, escapeMacros(value)]);
  return {
    type: "command",
    argv: words.map((word) => escapeMacros(expandVariables(word, variables))),
    ...(typeof workingDir === "string" && { workingFolder: escapeMacros(workingDir) }),
    ...(variables.size > 0 && { environment: Object.fromEntries(environment) }),
    ...memoryLimit(container, note),
  };
}

/** Literal values only; each may use those above it. */
function readEnvironment(container: Container, note: Note): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { name, value, valueFrom } of container.env ?? []) {
    const expanded = expandVariables(value ?? "", variables);
    if (valueFrom !== undefined) {
      note("warning", `Variable ${name} is left out: its value comes from the cluster (valueFrom)`);
    } else if (isAcceptedVariable(name, expanded)) {
      variables.set(name, expanded);
    } else {
      note("warning", `Variable ${name} is left out: a job must not set it`);
    }
  }
  if ((container.envFrom ?? []).length > 0)
    note("warning", "Variables of envFrom are left out: they come from the cluster");
  return variables;
}

function memoryLimit(container: Container, note: Note): { readonly limits?: { readonly memoryMb: number } } {
  const text = container.resources?.limits?.["memory"];
  if (text === undefined) return {};
  const bytes = parseQuantity(String(text));
  if (bytes === undefined) {
    note("warning", `The memory limit is left out: "${text}" is not a quantity`);
    return {};
  }
  return { limits: { memoryMb: Math.max(Math.ceil(bytes / MIB), LEAST_MEMORY_MB) } };
}
