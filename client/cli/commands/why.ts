import type { Command } from "commander";
import type { Constraint } from "../../../api/contract/why.ts";
import type { Actions } from "../command-action.ts";
import type { Session } from "../session.ts";

export function addWhyCommand(program: Command, actions: Actions): void {
  actions.on<object, [subject: string]>(
    program.command("why <run|job>").description("Tell what holds a run or a job back, or what became of a run"),
    async (session, _, subject) => {
      const client = await session.client();
      // Names of jobs never hold an "@", ids of runs always do.
      const isRun = subject.includes("@");
      const constraints = isRun ? await client.runs.why(subject) : await client.jobs.why(session.job(subject));
      session.show({ constraints }, { human: () => constraintsText(constraints, session) });
    },
  );
}

function constraintsText(constraints: readonly Constraint[], session: Session): string {
  if (constraints.length === 0) return "Nothing holds it back\n";
  return constraints
    .map(
      ({ code, detail, until }) =>
        `${code}: ${detail}${until === undefined ? "" : ` (until ${session.instant(until)})`}\n`,
    )
    .join("");
}
