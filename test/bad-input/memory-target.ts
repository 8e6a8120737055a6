import { checkHeaders } from "../../adapters/http-rules/header-rules.ts";
import { checkUrl } from "../../adapters/http-rules/target-guard.ts";
import { ApiRig } from "../api/api-rig.ts";
import type { Target } from "./stage.ts";
import { bodyOf } from "./wire-body.ts";

/** What the embedded server allows, see `server/server.ts`. */
const LIMITS = {
  minIntervalMs: 200,
  targetProblem: (url: string) => checkUrl(url, [])?.rule,
  headerProblem: checkHeaders,
};

/** The API over stores in memory, with the rules of the embedded server. */
export function openLimitedRig(): Promise<ApiRig> {
  return ApiRig.open({ rateLimits: false }, { limits: LIMITS });
}

export async function openMemoryTarget(): Promise<Target> {
  return targetOf(await openLimitedRig());
}

export function targetOf(rig: ApiRig): Target {
  return {
    admin: rig.admin,
    async request(method, path, { body, headers = {} }, token) {
      const response = await rig.app.request(path, {
        method,
        headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...typeOf(body), ...headers },
        ...bodyOf(body),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    dump: () => rig.dump(),
    failures: () => rig.events.flatMap((event) => (event.event === "failure" ? [event.error] : [])),
    stop: () => Promise.resolve(),
  };
}

function typeOf(body: unknown): Record<string, string> {
  return body === undefined ? {} : { "content-type": "application/json" };
}
