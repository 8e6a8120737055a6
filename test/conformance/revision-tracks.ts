import type { Expectation } from "../../core/ports/table.ts";
import type { Expected, Place } from "./table-history.ts";

/** One state of an item, with the revision that each table gave it; `undefined` for one not yet told (a put in a batch). */
interface Version {
  /** Which creation of the item it belongs to: a delete ends a life, and revisions count anew. */
  readonly life: number;
  readonly revs: (number | undefined)[];
}

interface Track {
  life: number;
  present: Version | undefined;
  readonly past: Version[];
  /** Per table, the highest revision told in this life. */
  highest: number[];
}

/** A revision that no item comes to have. */
const NOBODYS = Number.MAX_SAFE_INTEGER;

/**
 * The revisions of every item in every table, and what the port promises of them: from 1, one more with every single
 * write, more by any step with a put in a batch, anew after a delete. Each table's are held against its own alone.
 */
export class RevisionTracks {
  readonly #tables: number;
  readonly #tracks = new Map<string, Track>();

  constructor(tables: number) {
    this.#tables = tables;
  }

  /**
   * The expectation in each table's own revisions. Where the port leaves open whether it holds (a revision of a former
   * life may be had again in one table and not in another), or it is not known yet, it is one that cannot hold.
   */
  expectations(place: Place, expected: Expected): readonly Expectation[] {
    if (typeof expected === "string") return this.#perTable(() => expected);
    if ("literal" in expected) return this.#perTable(() => expected.literal);
    const { present, past } = this.#of(place);
    if ("former" in expected) {
      const named = past.filter(isTold);
      const former = named[named.length - 1 - expected.former];
      return this.#perTable((table) => (mayName(former, present) && former?.revs[table]) || NOBODYS);
    }
    const step = expected.revision === "next" ? 1 : 0;
    const version = present ?? past.findLast(isTold);
    return this.#perTable((table) => {
      const rev = version?.revs[table];
      return rev === undefined || !isTold(version) ? NOBODYS : rev + step;
    });
  }

  /** What is wrong with a revision that a table tells of the present item; `undefined` when nothing is. */
  fault(place: Place, table: number, rev: number): string | undefined {
    const track = this.#of(place);
    if (track.present === undefined) return `${rev} of an item that is not there`;
    const known = track.present.revs[table];
    if (known !== undefined) return known === rev ? undefined : `${rev}, not ${known}`;
    const last = track.highest[table] ?? 0;
    if (!Number.isSafeInteger(rev) || rev <= last) return `${rev} after ${last}`;
    this.#tell(track, table, rev);
    return undefined;
  }

  /** What is wrong with the revision that a single put gives. */
  faultOfPut(place: Place, table: number, rev: number): string | undefined {
    if (this.#of(place).present === undefined) return rev === 1 ? undefined : `${rev}, not 1, of a new item`;
    const fault = this.fault(place, table, rev - 1);
    return fault && `${rev}: the one before would be ${fault}`;
  }

  /** A put has happened everywhere. @param revs - each table's; `undefined` in a batch */
  put(place: Place, revs: readonly (number | undefined)[]): void {
    const track = this.#of(place);
    if (track.present === undefined) {
      track.life += 1;
      track.highest = [];
    } else track.past.push(track.present);
    track.present = { life: track.life, revs: [] };
    for (const [table, rev] of revs.entries()) if (rev !== undefined) this.#tell(track, table, rev);
  }

  removed(place: Place): void {
    const track = this.#of(place);
    if (track.present !== undefined) track.past.push(track.present);
    track.present = undefined;
  }

  #tell(track: Track, table: number, rev: number): void {
    if (track.present !== undefined) track.present.revs[table] = rev;
    track.highest[table] = rev;
  }

  #of({ part, sk }: Place): Track {
    const name = `${part}/${sk}`;
    let track = this.#tracks.get(name);
    if (track === undefined) this.#tracks.set(name, (track = { life: 0, present: undefined, past: [], highest: [] }));
    return track;
  }

  #perTable(expectation: (table: number) => Expectation): Expectation[] {
    return Array.from({ length: this.#tables }, (_, table) => expectation(table));
  }
}

/** Told by all tables alike: they read together. */
function isTold(version: Version | undefined): boolean {
  return version !== undefined && version.revs.length > 0 && !version.revs.includes(undefined);
}

/** Whether a former revision's being the present one is the same question in every table. */
function mayName(former: Version | undefined, present: Version | undefined): boolean {
  if (former === undefined) return false;
  if (present === undefined || former.life === present.life) return true;
  const same = former.revs.map((rev, table) => rev === present.revs[table]);
  return isTold(present) && same.every((each) => each === same[0]);
}
