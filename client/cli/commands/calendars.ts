import type { Command } from "commander";
import { calendarDefinitionSchema } from "../../../api/contract/calendar.ts";
import { ProblemError } from "../../../api/contract/problem.ts";
import { validate } from "../../../api/contract/validate.ts";
import type { CalendarDefinition } from "../../sdk/calendars-api.ts";
import type { Actions } from "../command-action.ts";
import { CliError } from "../cli-error.ts";
import { readDocuments, type SourcedDocument } from "../definition-files.ts";
import { definitionYaml } from "../definition-yaml.ts";
import { collect } from "../option-values.ts";
import type { Session } from "../session.ts";
import { pairs, table } from "../table.ts";
import { take } from "../take.ts";

/** `calendars`. */
export function addCalendarCommands(program: Command, actions: Actions): void {
  const calendars = program.command("calendars").description("Publish and look at calendars, which leave slots out");
  actions.on<{ readonly file: readonly string[] }, []>(
    calendars
      .command("apply")
      .description("Publish calendars as files say; jobs that use them follow")
      .requiredOption(
        "-f, --file <path>",
        "file or folder in YAML or JSON, - for standard input; may be repeated",
        collect,
      ),
    async (session, { file }) => {
      const definitions = (await readDocuments(file, session.io)).map(parseCalendar);
      await applyCalendars(session, definitions);
    },
  );
  actions.on<object, []>(calendars.command("list").description("List calendars by name"), async (session) => {
    const client = await session.client();
    const found = await take(client.calendars.list(session.namespace));
    const rows = found.map(({ name, edition, since, definition }) => [
      name,
      edition,
      session.instant(since),
      definition.description,
    ]);
    session.show({ items: found }, { human: () => table(["CALENDAR", "EDITION", "SINCE", "DESCRIPTION"], rows) });
  });
  actions.on<object, [calendar: string]>(
    calendars.command("get <calendar>").description("Show a calendar"),
    async (session, _, name) => {
      const found = await (await session.client()).calendars.get(session.namespace, name);
      const head = pairs({ calendar: name, edition: found.edition, since: session.instant(found.since) });
      session.show(found, { human: () => `${head}\n${definitionYaml(found.definition)}` });
    },
  );
}

async function applyCalendars(session: Session, definitions: readonly CalendarDefinition[]): Promise<void> {
  const client = await session.client();
  const applied = [];
  for (const definition of definitions) {
    const before = await client.calendars.find(session.namespace, definition.name);
    const expected = before === undefined ? ({ ifAbsent: true } as const) : { ifVersion: before.edition };
    const { name, edition, movedJobs = [] } = await client.calendars.put(session.namespace, definition, expected);
    const action = before === undefined ? "created" : before.edition === edition ? "unchanged" : "updated";
    applied.push({ name, action, edition, movedJobs });
  }
  const rows = applied.map(({ name, action, edition, movedJobs }) => [name, action, edition, movedJobs.length]);
  session.show(
    { calendars: applied },
    { human: () => table(["CALENDAR", "ACTION", "EDITION", "JOBS MOVED"], rows), quiet: () => "" },
  );
}

function parseCalendar({ value, locate }: SourcedDocument): CalendarDefinition {
  try {
    return validate(calendarDefinitionSchema, value);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const faults = (error.problem.errors ?? []).map((fault) => ({ ...fault, place: locate(fault.pointer) }));
    throw new CliError(error.code, error.message, { faults, cause: error });
  }
}
