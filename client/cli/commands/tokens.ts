import { type Command, Option } from "commander";
import { ROLES, type Role } from "../../../api/contract/role.ts";
import type { Token } from "../../../api/contract/token.ts";
import type { Actions } from "../command-action.ts";
import { collect } from "../option-values.ts";
import type { Session } from "../session.ts";
import { pairs, table } from "../table.ts";
import { take } from "../take.ts";

interface CreateOptions {
  readonly role: Role;
  readonly scope?: readonly string[];
  readonly expiresIn?: string;
}

/** `tokens` and `whoami`. */
export function addTokenCommands(program: Command, actions: Actions): void {
  const tokens = program.command("tokens").description("Create, list and revoke access tokens");
  actions.on<CreateOptions, [name: string]>(
    tokens
      .command("create <name>")
      .description("Create a token and print it; it is not shown again")
      .addOption(new Option("--role <role>", "what it may do").choices(ROLES).makeOptionMandatory())
      .option("--scope <namespace>", "a namespace that it is for; may be repeated (default: all)", collect)
      .option("--expires-in <duration>", "such as 90d (default: it does not expire)"),
    async (session, { role, scope, expiresIn }, name) => {
      const client = await session.client();
      const created = await client.tokens.create({
        name,
        role,
        ...(scope !== undefined && { namespaces: [...scope] }),
        ...(expiresIn !== undefined && { expiresIn }),
      });
      session.show(created, {
        human: () => `${tokenText(created, session)}\n${created.token}\n`,
        quiet: () => `${created.token}\n`,
      });
    },
  );
  actions.on<object, []>(tokens.command("list").description("List tokens, without their secrets"), async (session) => {
    const client = await session.client();
    const found = await take(client.tokens.list());
    const rows = found.map((token) => [
      token.id,
      token.name,
      token.role,
      scopeText(token),
      session.instant(token.createdAt),
      session.instant(token.expiresAt),
    ]);
    session.show(
      { items: found },
      { human: () => table(["ID", "NAME", "ROLE", "NAMESPACES", "CREATED", "EXPIRES"], rows) },
    );
  });
  actions.on<object, [id: string]>(
    tokens.command("revoke <id>").description("Revoke a token"),
    async (session, _, id) => {
      await (await session.client()).tokens.revoke(id);
      session.confirm({ id, revoked: true }, `Revoked token ${id}`);
    },
  );
  actions.on<object, []>(program.command("whoami").description("Tell what the token may do"), async (session) => {
    const token = await (await session.client()).whoami();
    session.show(token, { human: () => tokenText(token, session) });
  });
}

function tokenText(token: Token, session: Session): string {
  const { id, name, role, createdAt, expiresAt } = token;
  const expires = expiresAt === undefined ? "never" : session.instant(expiresAt);
  return pairs({ name, role, namespaces: scopeText(token), id, created: session.instant(createdAt), expires });
}

function scopeText({ namespaces }: Token): string {
  return namespaces === undefined ? "all" : namespaces.join(", ");
}
