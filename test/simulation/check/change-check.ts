import { isDeepStrictEqual } from "node:util";
import { LATER } from "../ports/next-version.ts";
import type { Asked, ClientAnswer } from "../world/client.ts";
import type { CheckContext } from "./context.ts";
import type { KnownVersion } from "./job-model.ts";

const JOB = /^\/v1\/namespaces\/(?<namespace>[^/]+)\/jobs\/(?<name>[^/?]+)(?:\/(?:pause|resume))?(?:\?.*)?$/;

/** Every change of a job that was acknowledged governed it before the answer came, and is what was asked for. */
export function checkChanges({ jobs, client, tell }: CheckContext): void {
  for (const asked of client()?.history ?? []) {
    const { method, path, answer } = asked;
    const { namespace, name } = JOB.exec(path)?.groups ?? {};
    if (name === undefined || method === "GET" || answer === undefined || answer.status >= 300) continue;
    const versions = jobs.versions(`${namespace}/${name}`);
    const isThere = versions.some(
      (version, index) =>
        governed(version, versions[index + 1], { fromMs: asked.sentMs, toMs: answer.atMs }) &&
        isAsked(version, asked, answer),
    );
    if (!isThere) tell("I19", `${method} ${path} was answered ${answer.status}, and no version of the job says so`);
  }
}

/** What was changed is in the audit trail, or a server has told that it is not. */
export function checkTrail({ simulation, client, tell }: CheckContext): void {
  const recorded = new Set(simulation.auditsLost);
  for (const { body } of simulation.items.dump("audit#")) recorded.add((body as { requestId: string }).requestId);
  for (const { method, path, headers, answer } of client()?.history ?? []) {
    if (method === "GET" || answer === undefined || answer.status >= 300) continue;
    // A request that was made again with its key is recorded under the name of the first.
    if ("idempotency-key" in headers) continue;
    const hasChanged = answer.status === 201 || (answer.body as { changed?: boolean } | undefined)?.changed === true;
    if (hasChanged && !recorded.has(answer.requestId))
      tell("I41", `${method} ${path} was answered ${answer.status}, and is not in the audit trail`);
  }
}

/** Whether a version was the newest at some moment of a stretch of virtual time. */
function governed(
  version: KnownVersion,
  next: KnownVersion | undefined,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): boolean {
  return version.committedMs <= toMs && (next === undefined || next.committedMs >= fromMs);
}

function isAsked(version: KnownVersion, { method, path, body }: Asked, answer: ClientAnswer): boolean {
  if (method === "DELETE") return version.state === "deleted";
  const told = answer.body as { version: number; state: string; since: string };
  if (told.version !== version.version || told.state !== version.state) return false;
  if (Date.parse(told.since) !== version.sinceMs) return false;
  if (method === "PUT") return isDeepStrictEqual(withoutLater(version.definition), withoutLater(body as object));
  return version.state === (path.endsWith("/pause") ? "paused" : "active");
}

/** A definition without what the next version adds to it. Written and read once, as what is stored was. */
function withoutLater(definition: object): unknown {
  return JSON.parse(JSON.stringify({ ...definition, [LATER]: undefined }));
}
