/** What may befall one call of a port. */
export type CallFault =
  /** Refused, nothing done. */
  | "unavailable"
  | "throttled"
  /** Done, and the caller never learns it. */
  | "unknownDone"
  /** Not done, and the caller can't know. */
  | "unknownLost"
  /** The caller gives up; it is done a while later. */
  | "lateEffect"
  /** It takes seconds. */
  | "slow"
  /** The process dies before the call takes effect, or after. */
  | "dieBefore"
  | "dieAfter"
  /** The process freezes with the call on its way, or with the answer on its way back. */
  | "freezeBefore"
  | "freezeAfter"
  /** A batch is done in part; the rest is declined. */
  | "declined"
  /** A page of a query ends early, with a `next`. */
  | "shortPage"
  /** A message that was accepted is gone. */
  | "lost"
  /** A message is there twice, at once or much later. */
  | "doubled"
  | "doubledLater"
  /** A message is visible much later than its delay says. */
  | "late"
  /** A receive finds nothing although there are messages. */
  | "blind"
  /** The service says yes and does nothing. */
  | "ignored";

export interface FaultClass {
  /** Calls that it befalls. */
  readonly sites: RegExp;
  /** Share of those calls: each seed that has the class draws a share in between, small ones as likely as large ones. */
  readonly least: number;
  readonly most: number;
}

/** All that change anything: of none of them a port promises that its outcome is known. */
const CHANGES =
  /^(?:table\.(?:put|delete|batchWrite)|queue\.(?:send|extend|delete)|logs\.(?:append|close)|executions\.(?:begin|answer|stop|remove)|fleet\.resize|timer\.setPace)$/;
const ANY = /^(?:table|queue|logs|executions|fleet|timer)\./;

/**
 * The classes, most particular first: the first that is drawn for a call is the one that befalls it.
 *
 * Stale reads and conditions that fail for one's own success are not here: the Table port promises that they do not
 * happen, and the adapter for DynamoDB keeps that promise (consistent reads, writes named by tokens).
 */
export const FAULT_CLASSES: Readonly<Record<CallFault, FaultClass>> = {
  dieBefore: { sites: ANY, least: 0.000_05, most: 0.002 },
  dieAfter: { sites: ANY, least: 0.000_05, most: 0.002 },
  freezeBefore: { sites: ANY, least: 0.000_02, most: 0.001 },
  freezeAfter: { sites: ANY, least: 0.000_02, most: 0.001 },
  lost: { sites: /^queue\.send$/, least: 0.002, most: 0.2 },
  doubled: { sites: /^queue\.send$/, least: 0.01, most: 0.3 },
  doubledLater: { sites: /^queue\.send$/, least: 0.005, most: 0.1 },
  late: { sites: /^queue\.send$/, least: 0.005, most: 0.1 },
  blind: { sites: /^queue\.receive$/, least: 0.01, most: 0.3 },
  ignored: { sites: /^queue\.(?:extend|delete)$/, least: 0.005, most: 0.1 },
  declined: { sites: /^(?:table\.batchWrite|queue\.send)$/, least: 0.01, most: 0.3 },
  shortPage: { sites: /^table\.query$/, least: 0.01, most: 0.3 },
  unknownDone: { sites: CHANGES, least: 0.001, most: 0.05 },
  unknownLost: { sites: CHANGES, least: 0.001, most: 0.05 },
  lateEffect: { sites: CHANGES, least: 0.000_5, most: 0.02 },
  unavailable: { sites: ANY, least: 0.001, most: 0.05 },
  throttled: { sites: /^(?:table|queue|executions)\./, least: 0.001, most: 0.1 },
  slow: { sites: ANY, least: 0.001, most: 0.02 },
};
