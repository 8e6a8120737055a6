import type { Command } from "commander";
import type { Platform } from "../../../api/contract/platform-routes.ts";
import type { Actions } from "../command-action.ts";
import type { Session } from "../session.ts";

/** `platform`. */
export function addPlatformCommands(program: Command, actions: Actions): void {
  const platform = program.command("platform").description("Pause and resume the platform as a whole");
  actions.on<object, []>(platform.command("show").description("Tell whether slots are dispatched"), async (session) => {
    tell(session, await (await session.client()).platform.get());
  });
  actions.on<{ readonly note?: string }, []>(
    platform
      .command("pause")
      .description("Dispatch no more slots, of any job; what is on its way, and what is triggered, runs")
      .option("--note <text>", "why, for others to read"),
    async (session, { note }) =>
      tell(session, await (await session.client()).platform.pause(note === undefined ? {} : { note })),
  );
  actions.on<object, []>(
    platform.command("resume").description("Dispatch again; missed slots follow the misfire policy of their jobs"),
    async (session) => tell(session, await (await session.client()).platform.resume()),
  );
}

function tell(session: Session, platform: Platform): void {
  const { dispatching, pausedAt, pausedBy = "somebody", note } = platform;
  if (dispatching) return session.confirm(platform, "The platform dispatches");
  const since = pausedAt === undefined ? "" : ` since ${session.instant(pausedAt)}`;
  session.confirm(platform, `The platform is paused by ${pausedBy}${since}${note === undefined ? "" : `: ${note}`}`);
}
