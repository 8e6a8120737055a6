import { type Command, Option } from "commander";
import { DEFAULT_PREVIEW_COUNT, type Preview, type PreviewRequest } from "../../../api/contract/preview.ts";
import type { Actions } from "../command-action.ts";
import { CliError } from "../cli-error.ts";
import { collect, instant, wholeNumber } from "../option-values.ts";
import { table } from "../table.ts";

type Schedule = PreviewRequest["schedule"];
type DaylightSaving = NonNullable<Schedule["daylightSaving"]>;

interface PreviewOptions {
  readonly cron?: string;
  readonly every?: string;
  readonly at?: readonly string[];
  readonly tz?: string;
  readonly from?: string;
  readonly count?: number;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly gap?: NonNullable<DaylightSaving["gap"]>;
  readonly repeat?: NonNullable<DaylightSaving["repeat"]>;
  readonly jitter?: string;
  readonly calendar?: readonly string[];
  readonly job?: string;
}

export function addPreviewCommand(program: Command, actions: Actions): void {
  const readInstant = instant(actions.io.nowMs);
  actions.on<PreviewOptions, []>(
    program
      .command("preview")
      .description("Tell when a schedule fires, and what is left out on the way; nothing is stored")
      .option("--cron <expression>", "5, 6 (seconds first) or 7 fields (year last), or a macro such as @daily")
      .option("--every <duration>", "elapsed time between slots, such as 15m")
      .option("--at <instant>", "one instant; may be repeated", collect)
      .option("--tz <zone>", "IANA zone that cron fields are read in (default: UTC)")
      .option("--from <instant>", "first instant shown (default: now)", readInstant)
      .option("--count <n>", `slots shown, 1 to 1000 (default: ${DEFAULT_PREVIEW_COUNT})`, wholeNumber(1, 1_000))
      .option("--start-at <instant>", "no slot before this instant", readInstant)
      .option("--end-at <instant>", "no slot at or after this instant", readInstant)
      .addOption(
        new Option("--gap <policy>", "local times that do not exist (default: next)").choices(["next", "skip"]),
      )
      .addOption(
        new Option("--repeat <policy>", "local times that come twice (default: first)").choices([
          "first",
          "second",
          "both",
        ]),
      )
      .option("--jitter <duration>", "spread; with --job, as that job is spread")
      .option("--calendar <name>", "calendar of the namespace that must be open; may be repeated", collect)
      .option("--job <name>", "an existing job, whose jitter and anchor are taken"),
    async (session, options) => {
      const client = await session.client();
      const { from, count, job } = options;
      const preview = await client.preview({
        schedule: scheduleOf(options),
        namespace: session.namespace,
        ...(from !== undefined && { from }),
        ...(count !== undefined && { count }),
        ...(job !== undefined && { job }),
      });
      session.show(preview, { human: () => previewText(preview) });
      for (const { code, detail } of preview.warnings) session.note(`warning[${code}]: ${detail}`);
    },
  );
}

/** The server judges the schedule; here only what it can't see is refused. */
function scheduleOf({
  cron,
  every,
  at = [],
  tz,
  startAt,
  endAt,
  gap,
  repeat,
  jitter,
  calendar,
}: PreviewOptions): Schedule {
  if (cron === undefined && every === undefined && at.length === 0) {
    throw new CliError("usage", "One of --cron, --every and --at is required");
  }
  const [only, ...more] = at;
  return {
    ...(cron !== undefined && { cron }),
    ...(every !== undefined && { every }),
    ...(only !== undefined && (more.length === 0 ? { at: only } : { dates: [...at] })),
    ...(tz !== undefined && { timezone: tz }),
    ...(startAt !== undefined && { startAt }),
    ...(endAt !== undefined && { endAt }),
    ...((gap !== undefined || repeat !== undefined) && {
      daylightSaving: { ...(gap !== undefined && { gap }), ...(repeat !== undefined && { repeat }) },
    }),
    ...(jitter !== undefined && { jitter }),
    ...(calendar !== undefined && { calendars: [...calendar] }),
  };
}

function previewText({ slots, leftOut, ended }: Preview): string {
  const hasJitter = slots.some(({ dueAt }) => dueAt !== undefined);
  const headings = ["SLOT (UTC)", "LOCAL", ...(hasJitter ? ["DUE (UTC)"] : []), "NOTE"];
  const rows = slots.map(({ at, local, dueAt, note }) => [at, local, ...(hasJitter ? [dueAt] : []), note ?? ""]);
  const omitted = leftOut.map(({ local, detail }) => `left out: ${local}: ${detail}\n`).join("");
  return table(headings, rows) + omitted + (ended ? "No slot follows\n" : "");
}
