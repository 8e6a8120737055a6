import type { Clock } from "../../core/ports/clock.ts";
import type { StopSignal } from "../../core/ports/queue.ts";
import { PortError } from "../../core/ports/errors.ts";

export interface TaskProtectionOptions {
  /** `ECS_AGENT_URI`, which ECS sets in each container. Without it nothing is done. */
  readonly agentUri: string | undefined;
  /** Whether the worker holds runs now. */
  readonly busy: () => boolean;
  readonly clock: Clock;
  /** Told of each failure; it is tried again. */
  readonly onError: (error: unknown) => void;
}

const LOOK_MS = 2_000;
/**
 * The longest that ECS takes, asked for at once: a renewal may be refused for hours (`DEPLOYMENT_BLOCKED`, while the service
 * is being deployed and wants fewer tasks than are protected), and a run must not lose its protection by that. What has
 * none yet is refused just as well, but has little to lose.
 */
const EXPIRES_MINUTES = 2_880;
/** So that a day is left to try again in. */
const RENEW_AFTER_MS = 24 * 60 * 60_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** After a failure the next try comes later each time. */
const MAX_REST_MS = 60_000;

/**
 * Keeps ECS from stopping this task, when its service shrinks or is deployed anew, while it holds runs. It does not keep
 * Spot capacity from being taken back. Requests are sent when the answer changes and once a day.
 * Idle, it gives protection up at once: what holds no runs may always be stopped.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export class TaskProtection {
  readonly #options: TaskProtectionOptions;
  #isOn = false;
  #setAtMs = 0;

  constructor(options: TaskProtectionOptions) {
    this.#options = options;
  }

  /** Follows the worker until `signal` is aborted. Never rejects. */
  async keep(signal: StopSignal): Promise<void> {
    const { agentUri, clock, onError } = this.#options;
    if (agentUri === undefined) return;
    let restMs = LOOK_MS;
    while (!signal.aborted) {
      try {
        await this.#follow(agentUri);
        restMs = LOOK_MS;
      } catch (error) {
        onError(error);
        restMs = Math.min(MAX_REST_MS, restMs * 2);
      }
      await clock.sleep(restMs, signal);
    }
  }

  async #follow(agentUri: string): Promise<void> {
    const { busy, clock } = this.#options;
    const isBusy = busy();
    const nowMs = clock.monotonicMs();
    const isFresh = !isBusy || nowMs - this.#setAtMs < RENEW_AFTER_MS;
    if (isBusy === this.#isOn && isFresh) return;
    await send(agentUri, isBusy);
    this.#isOn = isBusy;
    this.#setAtMs = nowMs;
  }
}

async function send(agentUri: string, isOn: boolean): Promise<void> {
  const action = `Cannot turn task protection ${isOn ? "on" : "off"}`;
  const reply = await fetch(`${agentUri}/task-protection/v1/state`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(
      isOn ? { ProtectionEnabled: true, ExpiresInMinutes: EXPIRES_MINUTES } : { ProtectionEnabled: false },
    ),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new PortError("UNAVAILABLE", `${action}: the ECS agent does not answer`, { cause });
  });
  const text = await reply.text();
  // A refusal of ECS, which the agent passes on, may come with status 200.
  if (!reply.ok || !isProtection(text)) {
    throw new PortError("UNAVAILABLE", `${action}: the ECS agent answers ${reply.status}: ${text.slice(0, 500)}`);
  }
}

function isProtection(text: string): boolean {
  try {
    const reply: unknown = JSON.parse(text);
    return typeof reply === "object" && reply !== null && "protection" in reply;
  } catch {
    return false;
  }
}
