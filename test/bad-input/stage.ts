import type { Job } from "../../api/contract/job.ts";
import type { NewToken } from "../../api/contract/token.ts";
import type { Run } from "../../api/contract/run.ts";
import { JOBS, REPORT, type RowOptions } from "./row.ts";

/** An answer, read whole. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An API that rows are sent to. */
export interface Target {
  /** @param token - `null`: none */
  request(method: string, path: string, options: Omit<RowOptions, "as">, token: string | null): Promise<Reply>;
  /** The secret of an admin of all namespaces. */
  readonly admin: string;
  /** All that is stored, but for what the platform writes by itself as time goes by. */
  dump(): string;
  /** Whether anything has failed on our side. */
  failures(): readonly string[];
  stop(): Promise<void>;
}

/** What stands when the first row is sent, and the tokens that rows are sent with. */
export interface Stage {
  readonly tokens: Readonly<Record<"viewer" | "stranger", string>>;
  /** Run ids, a cursor and the like, by the name that a row's path knows them by. */
  readonly names: Readonly<Record<string, string>>;
}

const FLOW = {
  name: "flow",
  executor: {
    type: "workflow",
    steps: { ask: { approval: { by: ["ana"] } }, load: { needs: ["ask"], executor: REPORT.executor } },
  },
};

/**
 * Sets the stage: an active job `report`, `held` that is paused, `busy` with a run in the queue, `gone` that was deleted
 * after a run of it had been cancelled, `done` with a cancelled run, the workflow `flow` with a cancelled run and one that is
 * due in 2099, and the namespace `other`, with a job of its own.
 * Nothing is dispatched, so that nothing but requests changes what is stored.
 */
export async function setStage(target: Target): Promise<Stage> {
  const send = async <T>(method: string, path: string, options: RowOptions = {}): Promise<T> => {
    const { status, text } = await target.request(method, path, options, target.admin);
    if (status >= 300) throw new Error(`Cannot set the stage: ${method} ${path} answers ${status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const define = (name: string, namespace = "default") =>
    send<Job>("POST", `/v1/namespaces/${namespace}/jobs`, { body: { ...REPORT, name } });
  const trigger = async (name: string, options: RowOptions = {}) =>
    (await send<Run>("POST", `${JOBS}/${name}/runs`, options)).id;
  const endedRunOf = async (name: string) => {
    const id = await trigger(name);
    await send("POST", `/v1/runs/${id}/cancel`);
    return id;
  };
  const tokenOf = async (body: object) => (await send<NewToken>("POST", "/v1/tokens", { body })).token;

  await send("POST", "/v1/platform/pause");
  for (const name of ["report", "held", "busy", "gone", "done"]) await define(name);
  await define("theirs", "other");
  await send<Job>("POST", `/v1/namespaces/default/jobs`, { body: FLOW });
  await send("POST", `${JOBS}/held/pause`);
  const [busy, finished, orphan] = [await trigger("busy"), await endedRunOf("done"), await endedRunOf("gone")];
  await send("DELETE", `${JOBS}/gone`);
  await trigger("done", { body: { parameters: { day: 1 } }, headers: { "idempotency-key": "used" } });
  const [planned, stopped] = [
    await trigger("flow", { body: { at: "2099-01-01T00:00:00Z" } }),
    await endedRunOf("flow"),
  ];
  const { nextCursor = "" } = await send<{ nextCursor?: string }>("GET", `${JOBS}?limit=1`);
  const [viewer, stranger] = [
    await tokenOf({ name: "viewer", role: "viewer" }),
    await tokenOf({ name: "stranger", role: "admin", namespaces: ["other"] }),
  ];
  return { tokens: { viewer, stranger }, names: { busy, finished, orphan, planned, stopped, cursor: nextCursor } };
}

/** The path with the names of the stage in it. */
export function pathOn({ names }: Stage, path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);
}
