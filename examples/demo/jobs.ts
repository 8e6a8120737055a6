import type { JobDefinition } from "../../api/contract/job-definition.ts";

/** Short jobs that fire each second, to have enough slots to count. */
const BEATS = 40;

/** What the demo runs, each for one ability. `target` is the address of its own HTTP server. */
export function demoJobs(target: string): readonly JobDefinition[] {
  return [
    {
      name: "heartbeat",
      description: "A real command, each second",
      schedule: { cron: "* * * * * *" },
      executor: { type: "command", argv: ["date", "-u", "+%FT%TZ"] },
    },
    {
      name: "ping",
      description: "A real HTTP call, every two seconds",
      schedule: { every: "2s" },
      executor: { type: "http", method: "POST", url: `${target}/ping`, body: { slot: "{{slot.iso}}" } },
    },
    {
      name: "summarise",
      description: "A TypeScript handler in a process of its own",
      schedule: { cron: "*/5 * * * * *" },
      executor: { type: "handler", module: "summarise.ts" },
    },
    {
      name: "flaky",
      description: "Fails at its first attempt, succeeds at its second",
      schedule: { cron: "*/3 * * * * *" },
      retry: { maxAttempts: 3, backoff: { initial: "200ms", max: "1s", jitter: "none" } },
      executor: { type: "command", shell: true, script: '[ "$CARILLON_ATTEMPT" -gt 1 ]' },
    },
    {
      name: "slow",
      description: "Takes longer than its period: overlap is skipped, with a row for each",
      schedule: { cron: "* * * * * *" },
      overlap: "skip",
      executor: { type: "command", argv: ["sleep", "1.5"] },
    },
    {
      name: "long",
      description: "Is running when its worker is killed",
      schedule: { cron: "*/2 * * * * *" },
      overlap: "allow",
      executor: { type: "command", argv: ["sleep", "3"] },
    },
    ...Array.from({ length: BEATS }, (_, index): JobDefinition => ({
      name: `beat-${String(index + 1).padStart(2, "0")}`,
      schedule: { cron: "* * * * * *" },
      executor: { type: "handler", module: "beat.ts", inline: true },
    })),
  ];
}
