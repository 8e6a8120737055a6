import type { ProfileName } from "../world/profiles.ts";

/** A bug that is planted into the product to see whether the simulator finds it. */
export interface Plant {
  readonly id: string;
  /** What is wrong, and where the like of it has been seen. */
  readonly bug: string;
  readonly edits: readonly Edit[];
  /** By one of these it must be caught. */
  readonly invariants: readonly string[];
  /** Histories that are hard on it. @default "standard" */
  readonly profile?: ProfileName;
  /** @default true */
  readonly hasLeases?: boolean;
}

export interface Edit {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * The bugs M1 to M22 of the catalogue as far as what they break exists, each at the place where this product would have it;
 * and X… for its own mechanisms.
 */
export const PLANTS: readonly Plant[] = [
  {
    id: "M1",
    bug: "a repeated claim of a slot makes another run, since ids are random (PowerJob 661)",
    edits: [
      {
        file: "core/services/slot-run.ts",
        find: "    stamp: stampOf(slot.atMs),\n    version,",
        replace: "    stamp: stampOf(slot.atMs, String(Math.floor(nowMs * 16)).slice(-9)),\n    version,",
      },
    ],
    invariants: ["I2"],
  },
  {
    id: "M2",
    bug: "what a visit has rung for counts as settled before it has a row (XXL-JOB 2593)",
    edits: [
      {
        file: "core/services/visit-job.ts",
        find: "      settledMs: settled.settledMs,",
        replace: "      settledMs: plan.cursorMs,",
      },
    ],
    invariants: ["I1"],
  },
  {
    id: "M3",
    bug: "a visit goes on from now, not from where the last one ended (Dkron 1210)",
    edits: [
      {
        file: "core/services/visit-job.ts",
        find: "    cursorMs: Math.max(entry.cursorMs, sinceMs),",
        replace: "    cursorMs: Math.max(entry.cursorMs, sinceMs, Math.floor(nowMs)),",
      },
      {
        file: "core/services/visit-job.ts",
        find: "    afterMs: Math.max(entry.settledMs, sinceMs),",
        replace: "    afterMs: Math.max(entry.settledMs, sinceMs, entry.cursorMs < nowMs ? Math.floor(nowMs) : 0),",
      },
    ],
    invariants: ["I1"],
  },
  {
    id: "M4",
    bug: "nobody rings again for slots whose message is lost",
    edits: [
      {
        file: "core/services/settle-slots.ts",
        find: 'if (waiting.length > 0 && current.version.state === "active") {',
        replace: "if (waiting.length < 0) {",
      },
    ],
    invariants: ["I1"],
  },
  {
    id: "M5",
    bug: "a result is taken of whoever brings it, as long as the run is running (DolphinScheduler 8110)",
    edits: [
      {
        file: "core/services/finish-run.ts",
        find: "if (current === undefined || !isHeld(current.run) || current.run.epoch !== run.epoch) {",
        replace: "if (current === undefined || !isHeld(current.run)) {",
      },
    ],
    invariants: ["I14"],
  },
  {
    id: "M6",
    bug: "the end of an attempt takes no notice of a cancellation",
    edits: [
      {
        file: "core/run/after-attempt.ts",
        find: "if (run.cancel !== undefined) {\n    const stop = { confirmed: true,",
        replace: "if (run.cancel === null) {\n    const stop = { confirmed: true,",
      },
    ],
    invariants: ["I18"],
  },
  {
    id: "M7",
    bug: "a claim is read, then written without a condition",
    edits: [
      {
        file: "core/services/claim-run.ts",
        find: "core.runs.put(running, expect, { lazy: true })",
        replace: 'core.runs.put(running, "any", { lazy: true })',
      },
    ],
    invariants: ["I12", "I13", "I15"],
  },
  {
    id: "M8",
    bug: "a limit is read, then written without a condition (Dkron 1569)",
    edits: [
      {
        file: "core/store/limit-store.ts",
        find: 'choice.limit, stored?.rev ?? "absent")',
        replace: 'choice.limit, "any")',
      },
    ],
    invariants: ["I23", "I25", "I28"],
  },
  {
    id: "M9",
    bug: "a reaper takes a run from its worker without a look at what became of it (Airflow 25843)",
    edits: [
      {
        file: "core/services/end-lost.ts",
        find: "await core.runs.put(queued, rev)",
        replace: 'await core.runs.put(queued, "any")',
      },
    ],
    invariants: ["I12", "I14", "I15"],
  },
  {
    id: "M10",
    bug: "a claim does not look whether the job is still active",
    edits: [
      {
        file: "core/services/claim-run.ts",
        find: 'if (end === undefined && current.version.state === "active")',
        replace: "if (end === undefined)",
      },
    ],
    invariants: ["I6"],
  },
  {
    id: "M11",
    bug: "an idempotency key is put down after the runs that it names",
    edits: [
      {
        file: "core/services/trigger-runs.ts",
        find: 'const written = await core.table.put(itemKey, record, "absent");',
        replace: "const written = { ok: true };",
      },
      {
        file: "core/services/trigger-runs.ts",
        find: "  return identity.isRepeat\n",
        replace:
          '  if (idempotencyKey !== undefined && !identity.isRepeat) await core.table.put(keys.idempotency(namespace, `${name}#${idempotencyKey}`), { ...identity, fingerprint: JSON.stringify(requests) }, "any");\n  return identity.isRepeat\n',
      },
    ],
    invariants: ["I36"],
  },
  {
    id: "M12",
    bug: "a send of which nobody knows what became counts as done",
    edits: [
      {
        file: "core/services/send.ts",
        find: "left = await core.queue.send(name, left);",
        replace: "left = await core.queue.send(name, left).catch(() => []);",
      },
    ],
    invariants: ["I4"],
    profile: "mild",
  },
  {
    id: "M13",
    bug: "a scheduler writes final rows without a condition, since it holds the lease",
    edits: [
      {
        file: "core/services/close-slot.ts",
        find: 'endedAtMs: nowMs }, "absent");',
        replace: 'endedAtMs: nowMs }, "any");',
      },
    ],
    invariants: ["I12", "I11", "I14"],
    profile: "outage",
    hasLeases: false,
  },
  {
    id: "M14",
    bug: "what comes twice when clocks go back fires twice",
    edits: [
      {
        file: "core/schedule/cron-slots.ts",
        find: 'const repeat = rule.cron.followsElapsedTime ? "both" : rule.repeat;',
        replace: 'const repeat = "both";',
      },
    ],
    invariants: ["I9"],
    profile: "dst",
  },
  {
    id: "M16",
    bug: "whoever leaves a limit that it does not hold takes another's place away",
    edits: [
      {
        file: "core/services/leave-limit.ts",
        find: "if (![...limit.holders, ...limit.waiters].some((member) => isSame(member, run))) return { result: [] };",
        replace:
          "if (![...limit.holders, ...limit.waiters].some((member) => isSame(member, run))) return { limit: leave(limit, (member) => member === limit.holders[0]).limit, result: [] };",
      },
    ],
    invariants: ["I23", "I25", "I28"],
  },
  {
    id: "M17",
    bug: "slots of a pause fire although a gap accounts for them",
    edits: [
      {
        file: "core/ledger/plan.ts",
        find: "    if (newer >= take) return undefined;",
        replace: "",
      },
      {
        file: "core/ledger/plan.ts",
        find: "slot.excludedBy !== undefined || take === 0) return undefined;",
        replace: "slot.excludedBy !== undefined) return undefined;",
      },
    ],
    profile: "cloud",
    invariants: ["I6"],
  },
  {
    id: "M21",
    bug: "an attempt that was drained is charged",
    edits: [
      {
        file: "core/run/after-attempt.ts",
        find: 'return { ...withoutTransient(drained), status: "queued" };',
        replace: 'return { ...withoutTransient(drained), charged: drained.charged + 1, status: "queued" };',
      },
    ],
    invariants: ["I15"],
    profile: "rolling",
  },
  {
    id: "M22",
    bug: "this version drops the fields of the next one",
    edits: [
      {
        file: "core/store/run-store.ts",
        find: "const result = await this.#table.put(keys.run(run), run, expect, options);",
        replace:
          "const { later: _, ...known } = run;\n    const result = await this.#table.put(keys.run(run), known, expect, options);",
      },
    ],
    invariants: ["I53"],
    profile: "mixed",
  },
  {
    id: "X1",
    bug: "an entry is armed after the version that it walks",
    edits: [
      {
        file: "core/services/change-job.ts",
        find: "    if (entry !== undefined) await core.due.arm(entry);\n    const previous",
        replace: "    const previous",
      },
      {
        file: "core/services/change-job.ts",
        find: "if (!(await core.jobs.commit(next, previous))) continue;",
        replace:
          "if (!(await core.jobs.commit(next, previous))) continue;\n    if (entry !== undefined) await core.due.arm(entry);",
      },
    ],
    invariants: ["I1"],
    profile: "defining",
  },
  {
    id: "X2",
    bug: "a watch lets go of a run that it has rung for in vain",
    edits: [
      {
        file: "core/services/visit-runs.ts",
        find: "  return (await standsInLine(visit, run)) ? again : { ...again, ring };",
        replace: "  return (await standsInLine(visit, run)) ? again : undefined;",
      },
    ],
    invariants: ["I20"],
  },
  {
    id: "X3",
    bug: "a message that names any instant begins a second chain beside the first",
    edits: [
      {
        file: "core/services/claim-run.ts",
        find: "if (isChain && !(await isNextLink(core, job, slot.atMs)) &&",
        replace: "if (slot.atMs < 0 &&",
      },
    ],
    invariants: ["I9"],
    profile: "chains",
  },
  {
    id: "X4",
    bug: "a walk takes what any other has given up for given up",
    edits: [
      {
        file: "core/services/visit-job.ts",
        find: "withGivenUp(entry.gaveUp ?? [], givesUp,",
        replace:
          "withGivenUp(await core.runs.gapsOver(job.version, { fromMs: entry.settledMs, toMs: plan.cursorMs }), [],",
      },
    ],
    invariants: ["I1"],
    profile: "takeovers",
  },
  {
    id: "X5",
    bug: "an entry of a chain that a forestalled definition has left counts as rung for",
    edits: [
      {
        file: "core/services/visit-after-end.ts",
        find: "const isRung = cursorMs >= firstLinkMs(job) && (await isNextLink(core, job, cursorMs));",
        replace: "const isRung = cursorMs >= firstLinkMs(job);",
      },
    ],
    invariants: ["I9"],
    profile: "defining",
  },
  {
    id: "X6",
    bug: "whoever leaves a limit lets in as many as its own job allows",
    edits: [
      {
        file: "core/limit/limit.ts",
        find: "first !== undefined && hasRoom(first, used);",
        replace:
          "first !== undefined && hasRoom({ ...first, capacity: limit.holders[0]?.capacity ?? first.capacity }, used);",
      },
    ],
    invariants: ["I23"],
    profile: "defining",
  },
  {
    id: "X7",
    bug: "a re-run ahead of its instant is due at once",
    edits: [
      {
        file: "core/services/rerun.ts",
        find: "Math.max(run.slotAtMs, Math.floor(core.clock.nowMs()))",
        replace: "Math.floor(core.clock.nowMs())",
      },
    ],
    invariants: ["I3"],
  },
  {
    id: "X8",
    bug: "slots are due later than their jitter allows",
    edits: [
      {
        file: "core/schedule/jitter.ts",
        find: "return Math.floor(((hash >>> 0) / 2 ** 32) * jitterMs);",
        replace: "return Math.floor(((hash >>> 0) / 2 ** 30) * jitterMs);",
      },
    ],
    invariants: ["I4"],
  },
  {
    id: "X9",
    bug: "runs expire long before their patience is over",
    edits: [
      {
        file: "core/services/close-slot.ts",
        find: "nowMs > slot.dueAtMs + queueMs)",
        replace: "nowMs > slot.dueAtMs + queueMs / 100)",
      },
    ],
    invariants: ["I1"],
  },
  {
    id: "X10",
    bug: "of the slots that were missed only the last one fires, though all are to",
    edits: [
      {
        file: "core/ledger/plan.ts",
        find: "take: { none: 0, last: 1, all: misfire.limit }[misfire.policy],",
        replace: "take: { none: 0, last: 1, all: 1 }[misfire.policy],",
      },
    ],
    invariants: ["I5"],
    profile: "outage",
  },
  {
    id: "X11",
    bug: "a chain never begins",
    edits: [
      {
        file: "core/services/visit-after-end.ts",
        find: 'if (job.version.state !== "active") return [];',
        replace: "if (job.version.version > 0) return [];",
      },
    ],
    invariants: ["I1"],
    profile: "chains",
  },
  {
    id: "X12",
    bug: "nothing is written down of slots that a calendar leaves out",
    edits: [
      {
        file: "core/services/visit-job.ts",
        find: "  for (const stretch of plan.stretches) {",
        replace: '  for (const stretch of plan.stretches.filter(({ reason }) => reason !== "calendar")) {',
      },
    ],
    invariants: ["I1"],
  },
  {
    id: "X13",
    bug: "a backfill leaves slots out",
    edits: [
      {
        file: "core/services/backfill.ts",
        find: "page.filter((atMs) => isWanted(rows.get(atMs), backfill.reprocess))",
        replace: "page.filter((atMs, index) => index % 3 < 2 && isWanted(rows.get(atMs), backfill.reprocess))",
      },
    ],
    invariants: ["I1"],
  },
  {
    id: "X14",
    bug: "one pause in two is acknowledged and not made",
    edits: [
      {
        file: "core/services/pause-job.ts",
        find: 'if (version.state === "paused") return undefined;',
        replace: 'if (version.state === "paused" || version.version % 2 === 0) return undefined;',
      },
    ],
    invariants: ["I19"],
  },
  {
    id: "M15",
    bug: "the end of an item is counted each time that it is told (counters in place of sets)",
    edits: [
      {
        file: "core/services/workflow/advance-items.ts",
        find: "if (index === undefined || hasBit(items.ended, index)) return items;",
        replace: "if (index === undefined) return items;",
      },
    ],
    invariants: ["I35"],
    profile: "workflows",
  },
  {
    id: "X15",
    bug: "a step begins although its workflow is stopped",
    edits: [
      {
        file: "core/services/bar.ts",
        find: "if (workflow.cancel !== undefined && !(step && runsWhileStopping(step))) {",
        replace: "if (workflow.cancel !== undefined && step === undefined) {",
      },
    ],
    invariants: ["I33"],
    profile: "workflows",
  },
  {
    id: "X16",
    bug: "a step does not wait for all that it needs",
    edits: [
      {
        file: "core/workflow/advance.ts",
        find: "for (const need of step.needs) tally[",
        replace: "for (const need of step.needs.slice(0, 1)) tally[",
      },
    ],
    invariants: ["I29"],
    profile: "workflows",
  },
  {
    id: "X17",
    bug: "what the engine carries is not looked after when a message was lost",
    edits: [
      {
        file: "core/services/visit-runs.ts",
        find: "if (isLookedAfter || wakeAtMs <= nowMs) await carry(core, carried);",
        replace: "if (wakeAtMs <= nowMs) await carry(core, carried);",
      },
    ],
    invariants: ["I20"],
    profile: "workflows",
  },
  {
    id: "X18",
    bug: "a step goes by the job as it is now, not by the version of its run",
    edits: [
      {
        file: "core/store/job-store.ts",
        find: "    const job = await this.findVersion(namespace, name, version);\n    const part = stepOf(stamp);",
        replace:
          "    const pinned = await this.findVersion(namespace, name, version);\n    const now = (await this.find(namespace, name))?.compiled;\n    const job = now?.work.kind === 'workflow' ? now : pinned;\n    const part = stepOf(stamp);",
      },
    ],
    invariants: ["I31", "I32", "I29", "I20", "I15"],
    profile: "workflows",
  },
  {
    id: "X19",
    bug: "a workflow ends when nothing is open, also before its last phase has begun",
    edits: [
      {
        file: "core/workflow/advance.ts",
        find: "const end = [...plan.steps.keys()].every((name) => hasEnded(board.get(name)))",
        replace: "const end = plan.order.main.every((name) => hasEnded(board.get(name)))",
      },
    ],
    invariants: ["I32"],
    profile: "workflows",
  },
  {
    id: "X20",
    bug: "items are started without regard to how many are open",
    edits: [
      {
        file: "core/workflow/map-outcome.ts",
        find: "Math.min(waiting, map.concurrency - open)",
        replace: "Math.min(waiting, map.concurrency)",
      },
    ],
    invariants: ["I35"],
    profile: "workflows",
  },
  {
    id: "X21",
    bug: "the run that a step waits for is not rung for when its record was written and its process died",
    edits: [
      {
        file: "core/services/workflow/carry.ts",
        find: "  if (child === undefined) {\n    await submitChild(core, run);\n    return undefined;\n  }",
        replace: "  if (child === undefined) return undefined;",
      },
    ],
    invariants: ["I20"],
    profile: "workflows",
  },
  {
    id: "X22",
    bug: "the last step of a workflow is answered before it is known how the run ends",
    edits: [
      {
        file: "core/services/workflow/mirror.ts",
        find: "  if (!isEnded(run) && waitsForEnd(step, plan)) return undefined;\n",
        replace: "",
      },
    ],
    invariants: ["I58"],
    profile: "workflowsCloud",
  },
  {
    id: "X23",
    bug: "an execution that begins after it was to be stopped goes on for ever",
    edits: [
      {
        file: "core/services/workflow/mirror.ts",
        find: "  if (reason !== undefined) return stop(mirror, reason);\n",
        replace: "",
      },
      {
        file: "core/services/workflow/mirror.ts",
        find: "  return reasonNow === undefined ? answerWaiting(now, step) : stop(now, reasonNow);",
        replace: "  return answerWaiting(now, step);",
      },
    ],
    invariants: ["I58"],
    profile: "workflowsCloud",
  },
];
