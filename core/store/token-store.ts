import type { Table } from "../ports/table.ts";
import { keys } from "./keys.ts";
import { listAll } from "./pages.ts";

/** An access token as stored: what it may do, and the hash of its secret. The secret itself is nowhere. */
export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: "viewer" | "operator" | "editor" | "admin";
  /** Namespaces that it may see; absent: all. */
  readonly namespaces?: readonly string[];
  /** SHA-256 of the secret, in hexadecimal. */
  readonly hash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
}

/** Access tokens by id. Revoking one removes it. */
export class TokenStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async find(id: string): Promise<TokenRecord | undefined> {
    const stored = await this.#table.get(keys.token(id));
    return stored === undefined ? undefined : (stored.body as TokenRecord);
  }

  /** @returns `false` when the id is taken */
  async add(token: TokenRecord): Promise<boolean> {
    return (await this.#table.put(keys.token(token.id), token, "absent")).ok;
  }

  async remove(id: string): Promise<void> {
    await this.#table.delete(keys.token(id), "any");
  }

  /** All tokens, in the order of their ids. */
  async list(): Promise<readonly TokenRecord[]> {
    const tokens: TokenRecord[] = [];
    for await (const stored of listAll(this.#table, keys.tokens)) tokens.push(stored.body as TokenRecord);
    return tokens;
  }
}
