import { commandOf } from "./k8s-command.ts";
import { type CronJob, unusedFields } from "./k8s-manifest.ts";
import { readK8sSchedule } from "./k8s-schedule.ts";

export interface K8sJobContext {
  readonly source: string;
  readonly timezone: string | undefined;
  /** Notes something about the field at a JSON Pointer into the manifest. */
  readonly note: (pointer: string, level: "info" | "warning" | "error", text: string) => void;
}

const JOB = "/spec/jobTemplate/spec";
const POD = `${JOB}/template/spec`;

const OVERLAP = { Allow: "allow", Forbid: "skip", Replace: "cancelPrevious" } as const;
const DEFAULT_BACKOFF_LIMIT = 6;
const MAX_ATTEMPTS = 20;
const DAY_S = 86_400;

/** A job definition without its name; `undefined`, with an error noted, when the CronJob has no equivalent. */
export function jobOfCronJob(cronJob: CronJob, context: K8sJobContext): Readonly<Record<string, unknown>> | undefined {
  const { spec } = cronJob;
  const { note } = context;
  const pod = spec.jobTemplate.spec.template.spec;
  const [container] = pod.containers;
  if (container === undefined || pod.containers.length > 1) {
    note(`${POD}/containers`, "error", `Left out: there must be one container; there are ${pod.containers.length}`);
    return undefined;
  }
  const when = readK8sSchedule(spec.schedule, { timeZone: spec.timeZone ?? undefined, cluster: context.timezone });
  if (when.kind === "unreadable") {
    note("/spec/schedule", "error", `Left out: ${when.reason}`);
    return undefined;
  }
  const executor = commandOf(container, (level, text) => note(`${POD}/containers/0`, level, text));
  if (executor === undefined) {
    const text = "Left out: the container has no command, and what its image would start is not known here";
    note(`${POD}/containers/0`, "error", text);
    return undefined;
  }
  if ("cron" in when.schedule && !("timezone" in when.schedule)) {
    note("/spec/schedule", "info", "it names no timeZone: times are read as UTC, the zone of most clusters");
  }
  noteDifferences(cronJob, context);
  return {
    labels: labelsOf(cronJob, context),
    schedule: when.schedule,
    executor,
    overlap: OVERLAP[spec.concurrencyPolicy ?? "Allow"],
    ...misfireOf(cronJob, context),
    ...retryOf(cronJob, context),
    timeouts: timeoutsOf(cronJob, context),
  };
}

function noteDifferences(cronJob: CronJob, { note }: K8sJobContext): void {
  const { spec } = cronJob.spec.jobTemplate;
  const image = imageOf(cronJob);
  if (image !== undefined) {
    note(
      `${POD}/containers/0`,
      "warning",
      `the command runs on a worker, which needs its programs, not in image ${image}`,
    );
  }
  if ((spec.parallelism ?? 1) !== 1 || (spec.completions ?? 1) !== 1) {
    note(JOB, "warning", "parallelism and completions are left out: a slot is one run");
  }
  const unused = unusedFields(cronJob);
  if (unused.length > 0) note("/spec", "warning", `without an equivalent, left out: ${unused.join(", ")}`);
}

function labelsOf(cronJob: CronJob, { source, note }: K8sJobContext): Record<string, string> {
  const { labels, namespace } = cronJob.metadata;
  const image = imageOf(cronJob);
  const all = {
    ...labels,
    "imported-from": source,
    ...(typeof namespace === "string" && { "k8s-namespace": namespace }),
    ...(image !== undefined && { "k8s-image": image }),
  };
  const kept = Object.entries(all).filter(([, value]) => value.length > 0 && value.length <= MAX_LABEL_LENGTH);
  const dropped = Object.keys(all).length - kept.length;
  if (dropped > 0) note("/metadata", "info", `${dropped} labels are left out: a label must have 1 to 256 characters`);
  return Object.fromEntries(kept);
}

const MAX_LABEL_LENGTH = 256;

function imageOf(cronJob: CronJob): string | undefined {
  return cronJob.spec.jobTemplate.spec.template.spec.containers[0]?.image ?? undefined;
}

/** Kubernetes, too, makes up for the last missed time only. */
function misfireOf(cronJob: CronJob, context: K8sJobContext): object {
  const seconds = cronJob.spec.startingDeadlineSeconds;
  if (typeof seconds !== "number") return {};
  const maxLateness = within(
    seconds,
    { leastS: 1, mostS: 366 * DAY_S, pointer: "/spec/startingDeadlineSeconds" },
    context,
  );
  return { misfire: { maxLateness } };
}

/**
 * Kubernetes waits 10 s, 20 s, 40 s and so on, at most six minutes, without jitter.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
 */
function retryOf(cronJob: CronJob, { note }: K8sJobContext): object {
  const backoffLimit = cronJob.spec.jobTemplate.spec.backoffLimit ?? DEFAULT_BACKOFF_LIMIT;
  if (backoffLimit === 0) return {};
  const wanted = backoffLimit + 1;
  if (wanted > MAX_ATTEMPTS) note(`${JOB}/backoffLimit`, "warning", `${wanted} attempts are cut to ${MAX_ATTEMPTS}`);
  const backoff = { initial: "10s", max: "6m", jitter: "none" };
  return { retry: { maxAttempts: Math.min(wanted, MAX_ATTEMPTS), backoff } };
}

function timeoutsOf(cronJob: CronJob, context: K8sJobContext): object {
  const job = cronJob.spec.jobTemplate.spec;
  const pod = job.template.spec;
  const limit = { leastS: 1, mostS: 30 * DAY_S, pointer: `${JOB}/activeDeadlineSeconds` };
  const runS = Math.min(job.activeDeadlineSeconds ?? Infinity, pod.activeDeadlineSeconds ?? Infinity);
  if (job.activeDeadlineSeconds !== undefined && job.backoffLimit !== 0) {
    context.note(
      limit.pointer,
      "info",
      "activeDeadlineSeconds becomes the limit of each attempt; Kubernetes counts all together",
    );
  }
  const graceS = pod.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S;
  return {
    // Kubernetes knows no limit unless it is told one; this is the longest there is here.
    run: runS === Infinity ? "30d" : within(runS, limit, context),
    grace: within(graceS, { leastS: 0, mostS: 600, pointer: `${POD}/terminationGracePeriodSeconds` }, context),
  };
}

const DEFAULT_GRACE_S = 30;

/** Seconds as a duration text, brought within what a job may say; a change is noted. */
function within(
  seconds: number,
  { leastS, mostS, pointer }: { readonly leastS: number; readonly mostS: number; readonly pointer: string },
  { note }: K8sJobContext,
): string {
  const kept = Math.min(Math.max(seconds, leastS), mostS);
  if (kept !== seconds)
    note(pointer, "warning", `${seconds} s is beyond the range here and becomes ${durationText(kept)}`);
  return durationText(kept);
}

/** Whole seconds in the largest unit that holds them: 5400 → `"90m"`. */
function durationText(seconds: number): string {
  if (seconds > 0 && seconds % DAY_S === 0) return `${seconds / DAY_S}d`;
  if (seconds > 0 && seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
