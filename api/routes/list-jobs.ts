import type { JobVersion } from "../../core/job/version.ts";
import type { Core } from "../../core/services/core.ts";
import { keys } from "../../core/store/keys.ts";
import type { jobRoutes } from "../contract/job-routes.ts";
import type { JobPage } from "../contract/job.ts";
import { presentJob } from "../present/present-job.ts";
import { pageOf } from "../request/page-of.ts";
import type { Call } from "./handler.ts";

type ListQuery = Call<(typeof jobRoutes)["listJobs"]>["query"];

/** A page of the jobs of a namespace, by name: of those that the query and `isWanted` let through. */
export function listJobs(
  core: Core,
  namespace: string,
  { query, isWanted = () => true }: { readonly query: ListQuery; readonly isWanted?: (job: JobVersion) => boolean },
): Promise<JobPage> {
  const nowMs = core.clock.nowMs();
  return pageOf(core.table, keys.jobs(namespace), query, {
    async present(stored) {
      const version = stored.body as JobVersion;
      if (!isListed(version, query) || !isWanted(version)) return undefined;
      const job = await core.jobs.findVersion(namespace, version.name, version.version);
      return job === undefined ? undefined : presentJob(job, nowMs);
    },
  });
}

function isListed({ state, definition }: JobVersion, filter: Pick<ListQuery, "state" | "label">): boolean {
  if (filter.state === undefined ? state === "deleted" : state !== filter.state) return false;
  if (filter.label === undefined) return true;
  const [key = "", ...value] = filter.label.split("=");
  const { labels = {} } = definition;
  return Object.hasOwn(labels, key) && labels[key] === value.join("=");
}
