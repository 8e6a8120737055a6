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
  actions.on<object, []>(
    platform.command("pause").description("Dispatch nothing more, of any job; what is on its way goes on"),
    async (session) => tell(session, await (await session.client()).platform.pause()),
  );
  actions.on<object, []>(
    platform.command("resume").description("Dispatch again; missed slots follow the misfire policy of their jobs"),
    async (session) => tell(session, await (await session.client()).platform.resume()),
  );
}

function tell(session: Session, platform: Platform): void {
  session.confirm(platform, platform.dispatching ? "The platform dispatches" : "The platform is paused");
}
