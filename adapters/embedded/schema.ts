/** Written into the file's header, so that a database of another program is never taken for ours ("CRLN"). */
export const APPLICATION_ID = 0x4352_4c4e;

/** Kept in `user_version`. A release that changes a table raises it and brings a migration from each lower version. */
export const SCHEMA_VERSION = 1;

/**
 * `item` is the Table; its keys compare by UTF-8 bytes. Not `WITHOUT ROWID`: bodies would then lie in the key's own
 * tree, whose every insert touches and logs another page; beside it they fill the same few pages one after the other,
 * and writing costs half to a third (measured with bodies of 450 bytes).
 *
 * `message` is the Queue. Ids are never used again (`AUTOINCREMENT`), so a receipt that names an id and a delivery can
 * never mean another message. A message is hidden (`ready` 0: delayed or in flight, in the order in which they become
 * visible) or ready (`ready` 1: visible, by group); each is in one of two partial indexes, so that those who look for
 * ready messages never meet hidden ones, however many there are. Counting reads the indexes alone. `holder` names the
 * process that received it last, so that what a dead one held can be released at once.
 */
export const SCHEMA = `
  CREATE TABLE item (
    pk   TEXT NOT NULL,
    sk   TEXT NOT NULL,
    rev  INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (pk, sk)
  );

  CREATE TABLE message (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    queue         TEXT NOT NULL,
    grp           TEXT NOT NULL,
    ready         INTEGER NOT NULL,
    visible_at_ms REAL NOT NULL,
    receives      INTEGER NOT NULL,
    holder        TEXT,
    body          TEXT NOT NULL
  );
  CREATE INDEX message_ready ON message (queue, grp, visible_at_ms) WHERE ready = 1;
  CREATE INDEX message_hidden ON message (queue, visible_at_ms, receives) WHERE ready = 0;

  CREATE TABLE dead_letter (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    queue    TEXT NOT NULL,
    grp      TEXT NOT NULL,
    receives INTEGER NOT NULL,
    body     TEXT NOT NULL
  );
  CREATE INDEX dead_letter_by_queue ON dead_letter (queue);
`;
