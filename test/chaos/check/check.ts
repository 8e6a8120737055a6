import { checkCopies } from "./copies.ts";
import { checkEffects } from "./effects.ts";
import type { History, Violation } from "./history.ts";
import { checkOperations } from "./operations.ts";
import { checkFinals, checkRuns } from "./runs.ts";
import { checkSlots } from "./slots.ts";

/**
 * Judges a round from outside: from what the client was told, what attempts did, and what the API tells when everything
 * has come to rest. It computes by itself which slots there must be, and shares no code with the product but the shapes of
 * the API's answers.
 */
export function check(history: History): readonly Violation[] {
  const { operations, effects, finals, first, second, copies, integrity = "ok" } = history;
  const runs = second.flatMap((reading) => reading.runs);
  return [
    ...second.flatMap((reading) => [...checkSlots(reading, operations), ...checkRuns(reading)]),
    ...checkFinals(finals, runs),
    ...checkFinals(
      first.flatMap((reading) => reading.runs),
      runs,
    ),
    ...checkOperations(operations, second, effects),
    ...checkEffects(effects, second),
    ...checkCopies(copies),
    ...(integrity === "ok" ? [] : [{ kind: "corrupt", text: `the database: ${integrity}` } as const]),
  ];
}
