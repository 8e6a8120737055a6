import { isAcceptedVariable } from "../../api/contract/job-definition.ts";
import { escapeMacros } from "./escape-macros.ts";
import type { ImportNotes } from "./import-result.ts";

const MAIL_VARIABLES = new Set(["MAILTO", "MAILFROM", "CONTENT_TYPE", "CONTENT_TRANSFER_ENCODING"]);
const MINUTES_PER_DAY = 1_440;

/** What the variables of a crontab say at one line of it: they hold for the entries below them. */
export class CrontabVariables {
  readonly #values = new Map<string, string>();
  readonly #notes: ImportNotes;
  readonly #machineTimezone: string | undefined;
  #timezone: string | undefined;
  #jitter: string | undefined;

  constructor(machineTimezone: string | undefined, notes: ImportNotes) {
    this.#machineTimezone = machineTimezone;
    this.#timezone = machineTimezone;
    this.#notes = notes;
  }

  /** Zone of the schedules: `CRON_TZ`, else the machine's. */
  get timezone(): string | undefined {
    return this.#timezone;
  }

  /** A duration text, from `RANDOM_DELAY`. */
  get jitter(): string | undefined {
    return this.#jitter;
  }

  get shell(): string {
    return this.#values.get("SHELL") ?? "/bin/sh";
  }

  /** Where commands start; undefined when `HOME` is not set here. */
  get home(): string | undefined {
    const home = this.#values.get("HOME");
    return home?.startsWith("/") === true ? home : undefined;
  }

  /** What the commands see, as a job writes it; without `SHELL`, which says how they are run. */
  environment(): Record<string, string> {
    const seen = [...this.#values].filter(([name]) => name !== "SHELL");
    return Object.fromEntries(seen.map(([name, value]) => [name, escapeMacros(value)]));
  }

  set(name: string, value: string, line: number): void {
    if (MAIL_VARIABLES.has(name)) return this.#noteMail(name, value, line);
    if (name === "CRON_TZ") return this.#setTimezone(value, line);
    if (name === "RANDOM_DELAY") return this.#setJitter(value, line);
    if (!isAcceptedVariable(name, value)) {
      return this.#notes.add(line, "warning", `Variable ${name} is left out: a job must not set it`);
    }
    if (value.includes("$")) {
      const text = `cron does not expand "$" in ${name}, and neither does Carillon: the value is kept as it is`;
      this.#notes.add(line, "info", text);
    }
    if (name === "TZ") {
      this.#notes.add(line, "info", "TZ is set for the commands only; the schedules keep their zone (that is CRON_TZ)");
    }
    this.#values.set(name, value);
  }

  #noteMail(name: string, value: string, line: number): void {
    // An empty MAILTO asks for no mail: nothing is lost.
    if (value === "") return;
    const text = `${name} is left out: no mail is sent; output is in the run's log, and an alert rule tells of failures`;
    this.#notes.add(line, "warning", text);
  }

  #setTimezone(value: string, line: number): void {
    if (value !== "" && !isTimezone(value)) {
      return this.#notes.add(line, "error", `CRON_TZ is left out: "${value}" is not a known time zone`);
    }
    this.#timezone = value === "" ? this.#machineTimezone : value;
  }

  #setJitter(value: string, line: number): void {
    const minutes = /^\d+$/.test(value) ? Number(value) : Infinity;
    if (minutes > MINUTES_PER_DAY) {
      const text = `RANDOM_DELAY is left out: it must be minutes from 0 to ${MINUTES_PER_DAY}; got "${value}"`;
      return this.#notes.add(line, "error", text);
    }
    this.#jitter = minutes === 0 ? undefined : `${minutes}m`;
    this.#notes.add(
      line,
      "info",
      "RANDOM_DELAY becomes jitter: each job keeps one delay of its own, not a new one each time",
    );
  }
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
