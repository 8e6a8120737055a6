import type { NewToken, Token, TokenRequest } from "../../api/contract/token.ts";
import { listAll, type PageOptions } from "./paging.ts";
import { route } from "./route.ts";
import type { Transport } from "./transport.ts";

/** Access tokens. Only their hashes are stored, so a token's text is seen once. */
export class TokensApi {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async create(body: TokenRequest): Promise<NewToken> {
    return this.#transport.json("POST", "/v1/tokens", { body });
  }

  list(options: PageOptions = {}): AsyncGenerator<Token> {
    return listAll(this.#transport, "/v1/tokens", options);
  }

  async revoke(id: string): Promise<void> {
    await this.#transport.json("DELETE", route`/v1/tokens/${id}`);
  }
}
