import { slugify } from "./unique-names.ts";

/**
 * A job name for a shell command: its first program that does more than prepare or ask, with up to two of its plain
 * arguments. `cd / && run-parts --report /etc/cron.hourly` → `run-parts-cron-hourly`.
 */
export function nameOfCommand(command: string): string {
  const named = simpleCommands(command).map(describe);
  const chosen =
    named.find(({ words, isMain }) => isMain && words.length > 0) ?? named.find(({ words }) => words.length > 0);
  return slugify([...new Set(chosen?.words)].join(" ")) ?? "job";
}

const MAX_ARGUMENTS = 2;

/** A quotation or substitution, an operator between commands, a redirection, white space, or anything else. */
const TOKEN =
  /(?<quoted>"(?:\\.|[^"\\])*"|'[^']*'|\$\([^)]*\)|`[^`]*`)|(?<operator>[;&|]+)|(?<redirect>\d?[<>]+&?)|(?<space>\s+)|\\.|[^\s;&|<>"'`$\\]+|./gs;

const KEYWORDS = new Set(["if", "then", "else", "elif", "do", "while", "until", "fi", "done", "!", "{", "}"]);
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
/** Programs that prepare or ask; what follows them says more. */
const GUARDS = new Set([
  "test", "[", "[[", "cd", "command", "type", "which", "sleep", "true", "false", ".", "source", "export", "set", "umask",
]); // prettier-ignore
/** Programs that run another one: options that take a value, and operands before the program. */
const WRAPPERS: Readonly<Record<string, { readonly valued: string; readonly operands: number }>> = {
  nice: { valued: "n", operands: 0 },
  ionice: { valued: "cn", operands: 0 },
  sudo: { valued: "ug", operands: 0 },
  timeout: { valued: "ks", operands: 1 },
  flock: { valued: "wE", operands: 1 },
  env: { valued: "u", operands: 0 },
  nohup: { valued: "", operands: 0 },
  setsid: { valued: "", operands: 0 },
  time: { valued: "", operands: 0 },
  exec: { valued: "", operands: 0 },
  chronic: { valued: "", operands: 0 },
};
const INTERPRETERS = new Set(["sh", "bash", "dash", "zsh", "python", "python3", "perl", "php", "ruby", "node", "java"]);
const SCRIPT_EXTENSION = /\.(sh|bash|py|pl|rb|php|js|mjs|ts|jar)$/;

/** Splits at `;`, `&&`, `||`, `|` and `&`, outside quotes; redirections and their targets are dropped. */
function simpleCommands(command: string): string[][] {
  const commands: string[][] = [[]];
  let word = "";
  let isTarget = false;
  const endWord = (): void => {
    if (word !== "" && !isTarget) commands.at(-1)?.push(word);
    if (word !== "") isTarget = false;
    word = "";
  };
  for (const { 0: text, groups } of command.matchAll(TOKEN)) {
    if (groups?.["operator"] ?? groups?.["redirect"] ?? groups?.["space"]) endWord();
    else word += text;
    if (groups?.["operator"]) commands.push([]);
    isTarget ||= groups?.["redirect"] !== undefined;
  }
  endWord();
  return commands;
}

/** The words that name a simple command, and whether it is worth naming a job after. */
function describe(command: readonly string[]): { readonly words: readonly string[]; readonly isMain: boolean } {
  const [first, ...rest] = withoutLead(command.map((word) => word.replace(/^\(+|\)+$/g, "")));
  if (first === undefined) return { words: [], isMain: false };
  const program = baseName(first);
  const wrapper = WRAPPERS[program];
  if (wrapper !== undefined) return describe(withoutOptions(rest, wrapper));
  if (!INTERPRETERS.has(program)) return { words: [program, ...plainArguments(rest)], isMain: !GUARDS.has(program) };
  const script = rest.findIndex((word) => !word.startsWith("-"));
  const isInline = script === -1 || !isPlain(rest[script] ?? "");
  if (isInline) return { words: [program], isMain: false };
  return { words: [baseName(rest[script] ?? ""), ...plainArguments(rest.slice(script + 1))], isMain: true };
}

function withoutLead(words: readonly string[]): readonly string[] {
  const start = words.findIndex((word) => word !== "" && !KEYWORDS.has(word) && !ASSIGNMENT.test(word));
  return start === -1 ? [] : words.slice(start);
}

function withoutOptions(words: readonly string[], wrapper: { valued: string; operands: number }): readonly string[] {
  let at = 0;
  while (words[at]?.startsWith("-") === true) at += isValued(words[at] ?? "", wrapper.valued) ? 2 : 1;
  return words.slice(at + wrapper.operands);
}

/** `-n 10` takes the next word; `-n10` and `--adjustment=10` do not. */
function isValued(option: string, valued: string): boolean {
  return option.length === 2 && valued.includes(option.slice(1));
}

function plainArguments(words: readonly string[]): string[] {
  return words
    .filter((word) => !word.startsWith("-") && isPlain(word) && !/^[+\d.]+$/.test(word))
    .slice(0, MAX_ARGUMENTS)
    .map(baseName)
    .filter((word) => word !== "");
}

function isPlain(word: string): boolean {
  return /^[\w./:@%+,=-]+$/.test(word);
}

function baseName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "");
  return (parts.at(-1) ?? "").replace(SCRIPT_EXTENSION, "");
}
