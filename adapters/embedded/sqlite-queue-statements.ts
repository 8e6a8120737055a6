import type { DatabaseSync, StatementSync } from "node:sqlite";

export type QueueStatements = ReturnType<typeof prepareQueueStatements>;

export type GroupRow = { readonly grp: string; readonly visibleAtMs: number };
export type MessageRow = { readonly id: number; readonly receives: number; readonly body: string };
export type DeadLetterRow = { readonly body: string; readonly group: string; readonly receives: number };

/** The SQL of `SqliteQueue`. Every condition on `ready` is a constant, so that the partial indexes serve it. */
export function prepareQueueStatements(database: DatabaseSync) {
  return {
    send: database.prepare(
      "INSERT INTO message (queue, grp, ready, visible_at_ms, receives, body) VALUES (?, ?, ?, ?, 0, ?)",
    ),
    nextHidden: database.prepare(
      `SELECT visible_at_ms AS visibleAtMs FROM message
       WHERE queue = ? AND ready = 0 ORDER BY visible_at_ms LIMIT 1`,
    ),
    uncover: database.prepare(
      `UPDATE message SET ready = 1 WHERE id IN
         (SELECT id FROM message WHERE queue = ? AND ready = 0 AND visible_at_ms <= ? ORDER BY visible_at_ms LIMIT ?)`,
    ),
    groupAfter: database.prepare(
      `SELECT grp, visible_at_ms AS visibleAtMs FROM message
       WHERE queue = ? AND ready = 1 AND grp > ? ORDER BY grp, visible_at_ms LIMIT 1`,
    ),
    take: database.prepare(
      `UPDATE message SET ready = 0, visible_at_ms = ?, receives = receives + 1, holder = ? WHERE id IN
         (SELECT id FROM message WHERE queue = ? AND grp = ? AND ready = 1 ORDER BY visible_at_ms LIMIT ?)
       RETURNING id, receives, body`,
    ),
    extend: database.prepare(
      "UPDATE message SET ready = 0, visible_at_ms = ? WHERE id = ? AND receives = ? AND queue = ?",
    ),
    delete: database.prepare("DELETE FROM message WHERE id = ? AND receives = ? AND queue = ?"),
    hiddenQueueAfter: database.prepare(
      "SELECT queue FROM message WHERE ready = 0 AND queue > ? ORDER BY queue LIMIT 1",
    ),
    release: database.prepare(
      `UPDATE message SET ready = 1, visible_at_ms = ? WHERE id IN
         (SELECT id FROM message WHERE queue = ? AND ready = 0 AND visible_at_ms < ? AND receives > 0 AND holder = ?)`,
    ),
    remove: database.prepare("DELETE FROM message WHERE id = ?"),
    bury: database.prepare(
      "INSERT INTO dead_letter (queue, grp, receives, body) SELECT queue, grp, receives - 1, body FROM message WHERE id = ?",
    ),
    deadLetters: database.prepare(
      'SELECT body, grp AS "group", receives FROM dead_letter WHERE queue = ? ORDER BY id LIMIT ?',
    ),
    deadLetterIds: database.prepare("SELECT id FROM dead_letter WHERE queue = ? ORDER BY id LIMIT ?"),
    revive: database.prepare(
      `INSERT INTO message (queue, grp, ready, visible_at_ms, receives, body)
       SELECT queue, grp, 1, ?, 0, body FROM dead_letter WHERE id = ?`,
    ),
    removeDeadLetter: database.prepare("DELETE FROM dead_letter WHERE id = ?"),
    countReady: database.prepare(
      "SELECT count(*) AS count FROM (SELECT 1 FROM message WHERE queue = ? AND ready = 1 LIMIT ?)",
    ),
    countDue: database.prepare(
      "SELECT count(*) AS count FROM (SELECT 1 FROM message WHERE queue = ? AND ready = 0 AND visible_at_ms <= ? LIMIT ?)",
    ),
    countHidden: database.prepare(
      `SELECT count(*) AS count, count(*) FILTER (WHERE receives = 0) AS delayed FROM
         (SELECT receives FROM message WHERE queue = ? AND ready = 0 AND visible_at_ms > ? LIMIT ?)`,
    ),
    countDeadLetters: database.prepare(
      "SELECT count(*) AS count FROM (SELECT 1 FROM dead_letter WHERE queue = ? LIMIT ?)",
    ),
  } satisfies Record<string, StatementSync>;
}
