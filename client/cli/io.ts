import type { FetchLike } from "../sdk/fetch-like.ts";

/** All that the command touches of the world around it, so that a test can stand in for it. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Standard input, at most `maxBytes` and one more, by which too much is told. */
  readonly readStdin: (maxBytes: number) => Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** IANA name of the zone in which instants are shown. */
  readonly timeZone: string;
  readonly fetch: FetchLike;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Output {
  readonly write: (text: string) => void;
  readonly isTty: boolean;
}
