import { hashOf, type KeyedDraws, mix, uniform } from "../kernel/keyed-draws.ts";
import { type CallFault, FAULT_CLASSES } from "./call-faults.ts";

/** Names one decision of a history: what was decided, where, of what, for which time. */
export type DecisionKey = string;

export interface FaultPlanOptions {
  readonly draws: KeyedDraws;
  /** Classes that may be drawn. @default all */
  readonly classes?: readonly CallFault[];
  /** Only these decisions are carried out: a tape to be shrunk. @default whatever is drawn */
  readonly tape?: ReadonlySet<DecisionKey>;
  /** Also classes that this seed would leave out. */
  readonly isWhole?: boolean;
  /** Asked of every call before anything is drawn for it; `undefined`: nothing befalls it by design. */
  readonly script?: FaultScript;
}

/** @param life - the process that makes the call, such as `worker-1-2` */
export type FaultScript = (site: string, call: string, life: string) => CallFault | undefined;

interface ActiveClass {
  readonly kind: CallFault;
  readonly sites: RegExp;
  readonly share: number;
  readonly salt: number;
}

/**
 * Decides what befalls each call. Every seed has a part of the classes only, each with a share of its own: histories
 * with few kinds of harm go deeper than histories with all of them.
 *
 * @see https://users.cs.utah.edu/~regehr/papers/swarm12.pdf Groce et al., "Swarm Testing", ISSTA 2012
 */
export class FaultPlan {
  /** What was carried out, in order. */
  readonly fired: DecisionKey[] = [];
  readonly counts = new Map<string, number>();
  isHostile = true;
  readonly draws: KeyedDraws;
  readonly #classes: readonly ActiveClass[];
  readonly #bySite = new Map<string, readonly ActiveClass[]>();
  readonly #times = new Map<string, number>();
  readonly #tape: ReadonlySet<DecisionKey> | undefined;
  readonly #script: FaultScript | undefined;

  constructor({
    draws,
    classes = Object.keys(FAULT_CLASSES) as CallFault[],
    tape,
    isWhole = false,
    script,
  }: FaultPlanOptions) {
    this.draws = draws;
    this.#tape = tape;
    this.#script = script;
    this.#classes = classes.flatMap((kind) => {
      const { sites, least, most } = FAULT_CLASSES[kind];
      if (!isWhole && !draws.isIn(0.5, `has ${kind}`)) return [];
      const share = draws.magnitude(least, most, `share of ${kind}`);
      return [{ kind, sites, share, salt: hashOf(`${kind} ${draws.seed}`) }];
    });
  }

  /** Classes that this seed has. */
  get kinds(): readonly CallFault[] {
    return this.#classes.map(({ kind }) => kind);
  }

  /** Names the next call at a site that concerns an entity. */
  nextCall(site: string, entity: string): string {
    const place = `${site}|${entity}`;
    const time = (this.#times.get(place) ?? 0) + 1;
    this.#times.set(place, time);
    return `${place}|${time}`;
  }

  /** What befalls a call, if anything does. */
  decide(site: string, call: string, life: string): CallFault | undefined {
    if (!this.isHostile) return undefined;
    const scripted = this.#script?.(site, call, life);
    if (scripted !== undefined && this.carryOut(scripted, `${scripted}|${call}`)) return scripted;
    let classes = this.#bySite.get(site);
    if (classes === undefined) {
      classes = this.#classes.filter(({ sites }) => sites.test(site));
      this.#bySite.set(site, classes);
    }
    if (classes.length === 0) return undefined;
    const name = hashOf(call);
    for (const { kind, share, salt } of classes) {
      if (uniform(mix(name ^ salt)) >= share) continue;
      if (this.carryOut(kind, `${kind}|${call}`)) return kind;
    }
    return undefined;
  }

  /**
   * Carries out a decision that has been drawn, if it is to be; it is counted when it has befallen something.
   *
   * @param befall - does it, and says whether there was anything that it befell. Default: there is
   * @returns whether it befell something
   */
  carryOut(kind: string, key: DecisionKey, befall: () => boolean = () => true): boolean {
    if (this.#tape !== undefined && !this.#tape.has(key)) return false;
    this.fired.push(key);
    const hasBefallen = befall();
    if (hasBefallen) this.count(kind);
    return hasBefallen;
  }

  count(kind: string, by = 1): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + by);
  }
}
