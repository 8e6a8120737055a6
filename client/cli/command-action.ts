import type { Command } from "commander";
import { type GlobalOptions, Session } from "./session.ts";
import type { Io } from "./io.ts";
import { EXIT_CODES, type ExitCode } from "./exit-code.ts";

/** What a command does, given its own options and its arguments in their order. */
export type Action<Options, Arguments extends readonly unknown[]> = (
  session: Session,
  options: Options,
  ...args: Arguments
) => Promise<void>;

/** Joins the commands to the world that they act in, and keeps how the one that was called has ended. */
export class Actions {
  readonly io: Io;
  exitCode: ExitCode = EXIT_CODES.ok;

  constructor(io: Io) {
    this.io = io;
  }

  /**
   * Makes `command` carry out `action`. Its options and arguments have been parsed as the command declares them, which
   * is beyond what types can tell.
   */
  on<Options, Arguments extends readonly unknown[]>(command: Command, action: Action<Options, Arguments>): Command {
    return command.action(async () => {
      const session = new Session(this.io, command.optsWithGlobals<GlobalOptions>());
      await action(session, command.opts() as Options, ...(command.processedArgs as unknown as Arguments));
      this.exitCode = session.exitCode;
    });
  }
}
