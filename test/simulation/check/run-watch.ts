import type { CheckContext } from "./context.ts";
import { jobName } from "./job-model.ts";
import {
  type AttemptRow,
  type DefinitionRow,
  type Fact,
  hasEnded,
  isCarried,
  msOf,
  partOf,
  stepsOf,
  type RunRow,
  runName,
  type VersionRow,
} from "./rows.ts";
import type { SlotModel } from "./slot-model.ts";

const NEXT: Readonly<Record<string, readonly string[]>> = {
  "": ["queued", "running", "cancelled", "expired", "skipped"],
  queued: ["queued", "running", "cancelled", "expired", "skipped"],
  running: ["running", "queued", "retrying", "succeeded", "failed", "timedOut", "cancelled"],
  retrying: ["queued", "running", "cancelled"],
};

/** Claims of a run, in order, by virtual time. */
export interface ClaimNote {
  readonly atMs: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly life: string;
}

/** Looks at every commit of a run: states, fences, attempts, slots. Each finding points at the very write. */
export class RunWatch {
  readonly claims = new Map<string, ClaimNote[]>();
  readonly #context: CheckContext;
  readonly #slots: SlotModel;
  readonly #slotRuns = new Map<string, string>();

  constructor(context: CheckContext, slots: SlotModel) {
    this.#context = context;
    this.#slots = slots;
  }

  note(fact: Fact): void {
    if (fact.kind !== "run" && fact.kind !== "step") return;
    const { before, after } = fact;
    if (after === undefined) return this.#tell("I12", before, "was deleted");
    if (before !== undefined && hasEnded(before))
      return this.#tell("I12", after, `was ${before.status}, which is final`);
    // A step may end without a run: left out, chosen by a switch, or without parameters.
    const isSettled = before === undefined && fact.kind === "step" && hasEnded(after);
    const isMarked = after.mark !== undefined && before?.worker === undefined;
    if (!isSettled && !isMarked && NEXT[before?.status ?? ""]?.includes(after.status) !== true)
      this.#tell("I11", after, `went from ${before?.status ?? "nothing"} to ${after.status}`);
    this.#checkCause(before, after);
    if (before !== undefined && after.epoch < before.epoch) this.#tell("I14", after, "got a lower epoch");
    if (after.status === "running" && before?.status !== "running") this.#checkClaim(before, after);
    if (before !== undefined && isCarried(before)) this.#checkCarried(before, after);
    else if (before?.status === "running") this.#checkHolder(before, after);
    else if (!isSettled && !isMarked) this.#checkUnheld(before, after);
    if (before?.cancel !== undefined) this.#checkCancelled(before, after);
    if (after.status === "expired") this.#checkExpired(after);
  }

  #checkCause(before: RunRow | undefined, after: RunRow): void {
    if (before !== undefined) {
      const isSame =
        before.slotAtMs === after.slotAtMs && before.cause === after.cause && before.version === after.version;
      if (!isSame) this.#tell("I21", after, "changed its cause, slot or version");
      return;
    }
    if (after.cause !== "slot") return;
    const name = `${after.namespace}/${after.job} ${after.slotAtMs}`;
    const known = this.#slotRuns.get(name);
    if (known !== undefined) this.#tell("I2", after, `is a second run of the slot of ${known}`);
    this.#slotRuns.set(name, runName(after));
    const iso = new Date(after.slotAtMs).toISOString().replaceAll("-", "").replaceAll(":", "");
    if (after.stamp !== iso) this.#tell("I2", after, `is not named after its slot, ${iso}`);
    this.#checkSlot(after);
  }

  #checkSlot(run: RunRow): void {
    const version = this.#context.jobs.version(`${run.namespace}/${run.job}`, run.version);
    if (version === undefined) return this.#tell("I7", run, `is of version ${run.version}, which was never committed`);
    if (run.slotAtMs <= version.sinceMs) this.#tell("I7", run, `is of a slot before its version ${run.version}`);
    const isChain = version.definition.schedule?.afterEnd !== undefined;
    if (!isChain && !this.#slots.isSlot(version, run.slotAtMs))
      this.#tell("I9", run, `is of an instant that is no slot of version ${run.version}`);
    this.#checkDue(run, version);
  }

  /** A slot is due at its instant or within its jitter; one of a pause not before somebody has resumed the job. */
  #checkDue(run: RunRow, { definition, state, ...version }: VersionRow): void {
    const { jitter } = definition.schedule ?? {};
    const latestMs = run.slotAtMs + (jitter === undefined ? 0 : msOf(jitter));
    const next = this.#context.jobs.version(jobName(version), version.version + 1);
    const mostMs = state === "paused" ? Math.max(latestMs, next?.sinceMs ?? 0) : latestMs;
    if (run.dueAtMs > mostMs) this.#tell("I4", run, `is due ${run.dueAtMs - mostMs} ms too late`);
  }

  #checkClaim(before: RunRow | undefined, after: RunRow): void {
    const { simulation, skewMs, latestMs, jobs } = this.#context;
    const life = simulation.effect?.life.name ?? "";
    const name = runName(after);
    const claims = this.claims.get(name) ?? [];
    claims.push({ atMs: simulation.kernel.nowMs, epoch: after.epoch, attempt: after.attempt, life });
    this.claims.set(name, claims);
    if (after.epoch <= (before?.epoch ?? 0)) this.#tell("I15", after, "was claimed without a higher epoch");
    if (after.attempt !== (before?.attempt ?? 0) + 1)
      this.#tell("I15", after, `began attempt ${after.attempt} after ${before?.attempt ?? 0}`);
    if (!isCarried(after) && after.worker?.id !== life)
      this.#tell("I14", after, `was claimed for ${after.worker?.id} by ${life}`);
    const dueAtMs = before?.status === "retrying" ? (before.retryAtMs ?? 0) : after.dueAtMs;
    if (latestMs() + skewMs < dueAtMs) this.#tell("I3", after, `began ${dueAtMs - latestMs()} ms too early`);
    if (after.dueAtMs < after.slotAtMs) this.#tell("I3", after, "is due before its slot");
    if (after.attempt > 1 || after.cause === "step") return;
    const job = `${after.namespace}/${after.job}`;
    // A millisecond is for fractions that are lost when instants are added up.
    const dueMs = Math.floor(after.dueAtMs) - 1 - simulation.kernel.epochMs - simulation.hostOffsetMs - skewMs;
    const seen = jobs.seenBy(life, job, after.cause === "slot" && skewMs === 0 ? dueMs : -Infinity);
    const isActive = seen.some((number) => jobs.version(job, number)?.state === "active");
    if (!isActive) this.#tell("I6", after, `began although ${life} had not seen its job active since it was due`);
    const governs = seen.some((number) => jobs.governing(job, after.slotAtMs, number)?.version === after.version);
    if (before === undefined && after.cause === "slot" && !governs)
      this.#tell("I7", after, `began under version ${after.version}, which does not govern its slot`);
  }

  /** What the engine carries changes hands never, and ends with the record of its one attempt. */
  #checkCarried(before: RunRow, after: RunRow): void {
    if (before.epoch !== after.epoch || before.attempt !== after.attempt)
      return this.#tell("I13", after, "was begun anew while the engine carried it");
    if (after.status === "running") {
      if (!isCarried(after)) this.#tell("I13", after, "came into the hands of a worker");
      return;
    }
    if (after.attempts.length !== before.attempts.length + 1 || after.attempts.at(-1)?.epoch !== before.epoch)
      this.#tell("I15", after, "ended without a record of its attempt");
  }

  /** What may become of a run that a worker holds. */
  #checkHolder(before: RunRow, after: RunRow): void {
    const life = this.#context.simulation.effect?.life.name ?? "";
    if (after.status === "running") {
      const isSame =
        before.epoch === after.epoch && before.worker?.id === after.worker?.id && before.attempt === after.attempt;
      if (!isSame) this.#tell("I13", after, "was claimed while another held it");
      return;
    }
    const record = after.attempts.at(-1);
    if (record?.epoch !== before.epoch || record.attempt !== before.attempt)
      return this.#tell("I15", after, "ended its attempt without a record of it");
    if (record.outcome !== "lost" && life !== before.worker?.id)
      this.#tell("I14", after, `was ended (${record.outcome}) by ${life}, not by its holder ${before.worker?.id}`);
    if (after.attempts.length !== Math.min(20, before.attempts.length + 1))
      this.#tell("I15", after, "lost a record of an attempt");
    this.#checkOutcome(before, after, record);
    this.#checkCharge(before, after, record.outcome);
  }

  /** An attempt is timed out after its time, and cancelled when somebody has asked for it. */
  #checkOutcome(before: RunRow, after: RunRow, { outcome, epoch }: AttemptRow): void {
    if (outcome === "cancelled" && before.cancel === undefined)
      this.#tell("I18", after, "was cancelled, and nobody has asked for it");
    if (outcome !== "timedOut") return;
    const claim = this.claims.get(runName(after))?.find((note) => note.epoch === epoch);
    const ranMs = this.#context.simulation.kernel.nowMs - (claim?.atMs ?? 0);
    const mayRunMs = msOf(this.#definitionOf(after)?.timeouts?.run ?? "1h");
    if (ranMs < mayRunMs) this.#tell("I16", after, `was timed out after ${Math.round(ranMs)} of ${mayRunMs} ms`);
  }

  /** Attempts that are drained or lost are not charged; no more are charged than the definition allows. */
  #checkCharge(before: RunRow, after: RunRow, outcome: string): void {
    const isCharged = after.charged === before.charged + 1;
    const mayBeCharged = outcome === "failed" || outcome === "timedOut";
    if (after.charged !== before.charged && !(isCharged && mayBeCharged))
      this.#tell("I15", after, `was charged for an attempt that was ${outcome}`);
    if (after.status === "retrying" && !isCharged) this.#tell("I15", after, "waits for a retry without being charged");
    const maxAttempts = this.#definitionOf(after)?.retry?.maxAttempts ?? 1;
    if (after.status === "retrying") this.#checkRetry(after, maxAttempts);
    if (after.charged > maxAttempts)
      this.#tell("I15", after, `was charged ${after.charged} attempts of ${maxAttempts}`);
    const isFinal = after.status === "failed" || after.status === "timedOut";
    const lost = after.attempts.filter((attempt) => attempt.outcome === "lost").length;
    const isJust =
      after.charged >= maxAttempts ||
      after.error?.name === "FATAL" ||
      after.stop?.confirmed === false ||
      lost >= this.#context.simulation.knobs.maxLost;
    if (isFinal && !isJust) this.#tell("I15", after, `gave up after ${after.charged} of ${maxAttempts} attempts`);
    if (after.status === "queued" && outcome !== "lost" && outcome !== "drained")
      this.#tell("I11", after, `waits anew although its attempt was ${outcome}`);
    if (after.status === "succeeded" && outcome !== "succeeded")
      this.#tell("I19", after, `succeeded although its attempt was ${outcome}`);
  }

  /** Another attempt comes when there is one left, after the delay that the definition asks for. */
  #checkRetry(run: RunRow, maxAttempts: number): void {
    if (run.charged >= maxAttempts) this.#tell("I15", run, `waits for an attempt beyond ${maxAttempts}`);
    const backoff = this.#definitionOf(run)?.retry?.backoff;
    if (backoff === undefined) return;
    const longestMs = Math.min(msOf(backoff.max), msOf(backoff.initial) * 2 ** (run.charged - 1));
    const leastMs = backoff.jitter === "none" ? longestMs : 0;
    const delayMs = Math.round((run.retryAtMs ?? 0) - (run.attempts.at(-1)?.endedAtMs ?? 0));
    if (delayMs < leastMs || delayMs > longestMs)
      this.#tell("I15", run, `is tried again after ${delayMs} ms, not after ${leastMs} to ${longestMs}`);
  }

  /** Nobody took it for as long as it was ready to wait. */
  #checkExpired(run: RunRow): void {
    const { latestMs, skewMs } = this.#context;
    const patience = this.#definitionOf(run)?.timeouts?.queue;
    if (run.attempt > 0) this.#tell("I11", run, "expired after it had begun");
    if (patience === undefined) this.#tell("I1", run, "expired, and may wait for ever");
    else if (latestMs() + skewMs < run.dueAtMs + msOf(patience))
      this.#tell(
        "I1",
        run,
        `expired ${Math.round(latestMs() - run.dueAtMs)} ms after it was due, not after ${patience}`,
      );
  }

  #checkUnheld(before: RunRow | undefined, after: RunRow): void {
    const former = before?.attempts.length ?? 0;
    if (after.attempts.length !== former) this.#tell("I14", after, "got a record of an attempt that nobody made");
    if (after.charged !== (before?.charged ?? 0)) this.#tell("I15", after, "was charged without an attempt");
    if (after.status === "skipped" && after.attempt > 0) this.#tell("I11", after, "was skipped after it had begun");
  }

  #checkCancelled(before: RunRow, after: RunRow): void {
    const goesOn = after.status === "running" && after.epoch === before.epoch;
    // A workflow that lasts too long is stopped like one that is cancelled.
    const isTimedOut = isCarried(before) && after.status === "timedOut";
    if (!goesOn && !isTimedOut && after.status !== "cancelled" && after.status !== "succeeded")
      this.#tell("I18", after, `became ${after.status} although it was to be cancelled`);
    if (after.cancel === undefined) this.#tell("I18", after, "lost the request to cancel it");
  }

  #definitionOf(run: RunRow): Pick<DefinitionRow, "retry" | "timeouts"> | undefined {
    const definition = this.#context.jobs.version(jobOf(run), run.version)?.definition;
    const part = partOf(run);
    return part === undefined || definition === undefined ? definition : stepsOf(definition).get(part.step);
  }

  #tell(invariant: string, run: RunRow | undefined, what: string): void {
    this.#context.tell(invariant, `${run === undefined ? "a run" : runName(run)} ${what}`);
  }
}

export function jobOf(run: RunRow): string {
  return jobName({ namespace: run.namespace, name: run.job });
}
