import { findCronFault } from "../../api/contract/job-definition.ts";

export type K8sSchedule =
  | { readonly kind: "schedule"; readonly schedule: Readonly<Record<string, string>> }
  | { readonly kind: "unreadable"; readonly reason: string };

interface Zones {
  /** The manifest's own. */
  readonly timeZone: string | undefined;
  /** That of the cluster's controller manager, if it is known. */
  readonly cluster: string | undefined;
}

/**
 * Reads the schedule of a CronJob: five fields, a macro, or `@every 1h30m`; an old `CRON_TZ=` or `TZ=` in front sets
 * the zone where `timeZone` does not.
 */
export function readK8sSchedule(text: string, zones: Zones): K8sSchedule {
  const [, prefixZone, rest = ""] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim()) ?? [];
  const zone = zones.timeZone ?? prefixZone ?? zones.cluster;
  const every = /^@every\s+(\S+)$/.exec(rest)?.[1];
  if (every !== undefined) return { kind: "schedule", schedule: { every } };
  const cron = rest.replace(/\s+/g, " ");
  const reason = findCronFault(cron);
  if (reason !== undefined) return { kind: "unreadable", reason };
  return { kind: "schedule", schedule: { cron, ...(zone !== undefined && { timezone: zone }) } };
}
