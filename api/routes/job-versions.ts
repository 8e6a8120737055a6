import type { JobVersion } from "../../core/job/version.ts";
import type { Core } from "../../core/services/core.ts";
import { expectKnown } from "../../core/services/pause-job.ts";
import { keys } from "../../core/store/keys.ts";
import type { JobPage } from "../contract/job.ts";
import { presentJob, presentVersion } from "../present/present-job.ts";
import { decodeCursor, encodeCursor } from "../request/page-cursor.ts";
import type { PageQuery } from "../request/page-of.ts";

/** Versions of a job, newest first: the governing one, which stands in its own item, then those of the history. */
export async function listVersions(
  core: Core,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  { limit, cursor }: PageQuery,
): Promise<JobPage> {
  const job = expectKnown((await core.jobs.find(namespace, name))?.compiled, name);
  const { pk, sk } = keys.jobVersion(namespace, name, job.version.version);
  const current = cursor === undefined ? [presentJob(job, core.clock.nowMs())] : [];
  const after = cursor === undefined ? sk : decodeCursor(pk, cursor);
  if (limit === current.length) return { items: current, nextCursor: encodeCursor(pk, after) };
  const page = await core.table.query({ pk, limit: limit - current.length, descending: true, after });
  const earlier = page.items.map(({ body }) => presentVersion(body as JobVersion));
  return {
    items: [...current, ...earlier],
    ...(page.next === undefined ? {} : { nextCursor: encodeCursor(pk, page.next) }),
  };
}
