import { CarillonError } from "../../core/errors.ts";
import { publishCalendar } from "../../core/services/publish-calendar.ts";
import type { Core } from "../../core/services/core.ts";
import type { CalendarEdition } from "../../core/store/job-store.ts";
import { keys } from "../../core/store/keys.ts";
import type { calendarRoutes } from "../contract/calendar-routes.ts";
import { presentCalendar } from "../present/present-calendar.ts";
import { pageOf } from "../request/page-of.ts";
import { etagOf, hasVersion } from "../request/read-conditions.ts";
import { at } from "../request/to-problem.ts";
import { checkSameName, putExpecting } from "./expect-version.ts";
import type { HandlersOf } from "./handler.ts";
import { previewRequest } from "./preview.ts";

export const calendarHandlers: HandlersOf<typeof calendarRoutes> = {
  async listCalendars({ params: { namespace }, query }, { core }) {
    const body = await pageOf(core.table, keys.calendars(namespace), query, {
      present: (stored) => presentCalendar(stored.body as CalendarEdition),
    });
    return { status: 200, body };
  },

  async putCalendar({ params: { namespace, calendar: name }, body: definition, principal, conditions }, { core }) {
    checkSameName(definition.name, name);
    const before = await findEdition(core, namespace, name);
    const { edition, movedJobs } = await at({ prefix: "", schedulePrefix: "" }, () =>
      putExpecting(
        conditions,
        async () => before?.edition,
        (expect) =>
          publishCalendar(core, namespace, definition, {
            by: principal.name,
            expectEdition: expect === "absent" ? 0 : expect,
          }),
      ),
    );
    const answer = { ...presentCalendar(edition), movedJobs: [...movedJobs] };
    const headers = { ETag: etagOf(edition.edition) };
    if (before !== undefined) {
      const changed = edition.edition !== before.edition || movedJobs.length > 0;
      return { status: 200, body: answer, headers, changed };
    }
    const location = `/v1/namespaces/${namespace}/calendars/${name}`;
    return { status: 201, body: answer, headers: { ...headers, Location: location } };
  },

  async getCalendar({ params: { namespace, calendar: name }, conditions }, { core }) {
    const edition = await findEdition(core, namespace, name);
    if (edition === undefined) throw new CarillonError("not-found", `Cannot find calendar "${name}"`);
    const headers = { ETag: etagOf(edition.edition) };
    if (hasVersion(conditions, edition.edition)) return { status: 304, headers };
    return { status: 200, body: presentCalendar(edition), headers };
  },

  async previewSchedule({ body, principal }, { core }) {
    return { status: 200, body: await previewRequest(core, body, principal) };
  },
};

async function findEdition(core: Core, namespace: string, name: string): Promise<CalendarEdition | undefined> {
  return (await core.jobs.findCalendar(namespace, name))?.edition;
}
