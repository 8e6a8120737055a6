import { CarillonError } from "../../core/errors.ts";
import type { CompiledJob } from "../../core/job/compile.ts";
import type { Core } from "../../core/services/core.ts";
import { expectJob } from "../../core/services/pause-job.ts";

/**
 * The job as it is now, or an earlier version of it.
 *
 * @throws {CarillonError} `not-found`
 */
export async function getJob(
  core: Core,
  {
    namespace,
    name,
    version,
  }: { readonly namespace: string; readonly name: string; readonly version?: number | undefined },
): Promise<CompiledJob> {
  if (version === undefined) return expectJob((await core.jobs.find(namespace, name))?.compiled, name);
  const job = await core.jobs.findVersion(namespace, name, version);
  if (job === undefined) throw new CarillonError("not-found", `Cannot find version ${version} of job "${name}"`);
  return job;
}
