import type { CommandDefinition } from "../../core/job/executor.ts";
import { Failure } from "./failure.ts";

/** Program and arguments as they are given to the kernel. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** After SIGXCPU at the limit a process may tidy up for so long; then the kernel kills it. */
const CPU_GRACE_SECONDS = 5;

/**
 * The command line of a definition. `argv` is passed as it is: no shell reads it. With `shell`, `/bin/sh` reads the
 * script, and `argv` are its arguments `$1`, `$2`, …: the safe way to hand values to a script.
 *
 * @throws {Failure} `COMMAND_INVALID` when there is nothing to run
 */
export function commandLine({ argv = [], script, shell = false, limits }: CommandDefinition): CommandLine {
  const [program, ...args] = shell && script !== undefined ? ["/bin/sh", "-c", script, "sh", ...argv] : argv;
  if (program === undefined || program === "") {
    throw new Failure("COMMAND_INVALID", "Cannot start the command: needs argv, or shell: true with a script", {
      retryable: false,
    });
  }
  return limits === undefined ? [program, ...args] : withLimits([program, ...args], limits);
}

/**
 * Lets a shell set limits and then become the program: same process, arguments passed literally. `memoryMb` limits the
 * address space of each process (`RLIMIT_AS`), so allocations fail beyond it; `cpuSeconds` the processor time of each
 * process (`RLIMIT_CPU`).
 */
function withLimits(
  line: CommandLine,
  { memoryMb, cpuSeconds }: NonNullable<CommandDefinition["limits"]>,
): CommandLine {
  const settings = [
    ...(memoryMb === undefined ? [] : [`ulimit -v ${memoryMb * 1024}`]),
    ...(cpuSeconds === undefined
      ? []
      : [`ulimit -S -t ${cpuSeconds}`, `ulimit -H -t ${cpuSeconds + CPU_GRACE_SECONDS}`]),
    'exec "$@"',
  ];
  return ["/bin/sh", "-c", settings.join(" && "), "sh", ...line];
}
