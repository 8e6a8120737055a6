/** New identifiers. */
export interface Ids {
  /** 12 characters of [0-9a-z], unguessable enough to be unique for ever within one job. */
  short(): string;
}
