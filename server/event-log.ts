/** The server's own log: one line of JSON an event. */
export interface EventLog {
  info(event: string, fields: object): void;
  warn(event: string, fields: object): void;
  error(part: string, error: unknown): void;
  /** Something went wrong that is an event of its own. */
  failure(event: { readonly event: string }): void;
}

export function eventLog(write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`)): EventLog {
  const tell = (level: string, event: string, fields: object): void => {
    write(JSON.stringify({ at: new Date().toISOString(), level, event, ...fields }));
  };
  return {
    info: (event, fields) => tell("info", event, fields),
    warn: (event, fields) => tell("warn", event, fields),
    failure: (event) => tell("error", event.event, event),
    error: (part, error) =>
      tell("error", part, { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  };
}
