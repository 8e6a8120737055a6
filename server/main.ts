import { parseArgs, type ParseArgsConfig } from "node:util";
import { startServer } from "./server.ts";

const HELP = `Usage: npm start -- [options]

  --data DIR       data folder (default .carillon)
  --host HOST      address to listen on (default 127.0.0.1)
  --port PORT      port to listen on, 0 for any (default 4680)
  --workers N      worker processes (default 2)
  --slots N        attempts at the same time in each worker (default 8)
  --handlers DIR   folder with the modules of handler jobs (default handlers)
  --new-admin-token  make and show another admin token, when the first is lost
  --allow TARGET   host:port that HTTP jobs may call although it is private; NAMESPACE=host:port for one namespace
`;

/** `npm start`: the whole product on one machine. Flags override `CARILLON_…` variables, which override the defaults. */
const values = readFlags({
  data: { type: "string", default: process.env["CARILLON_DATA"] ?? ".carillon" },
  host: { type: "string", default: process.env["CARILLON_HOST"] ?? "127.0.0.1" },
  port: { type: "string", default: process.env["CARILLON_PORT"] ?? "4680" },
  workers: { type: "string", default: process.env["CARILLON_WORKERS"] ?? "2" },
  slots: { type: "string", default: process.env["CARILLON_SLOTS"] ?? "8" },
  handlers: { type: "string", default: process.env["CARILLON_HANDLERS"] ?? "handlers" },
  allow: { type: "string", multiple: true, default: [] },
  "new-admin-token": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});

if (values.help) {
  process.stdout.write(HELP);
} else {
  await start();
}

async function start(): Promise<void> {
  try {
    const server = await startServer({
      folder: values.data,
      host: values.host,
      port: wholeNumber("port", values.port, { least: 0, most: 65_535 }),
      workers: wholeNumber("workers", values.workers, { least: 0, most: 64 }),
      slots: wholeNumber("slots", values.slots, { least: 1, most: 1_000 }),
      handlersFolder: values.handlers,
      allow: values.allow,
      newAdminToken: values["new-admin-token"],
    });
    process.stdout.write(`Carillon is running at ${server.url}, data in ${values.data}\n`);
    if (server.firstToken !== undefined) {
      process.stdout.write(
        `Admin token, shown once (also in ${values.data}/cli.json for the carillon command):\n  ${server.firstToken}\n`,
      );
    }
    let closing: Promise<void> | undefined;
    const close = (): void => {
      closing ??= server.close().then(() => process.exit(0));
    };
    process.on("SIGTERM", close);
    process.on("SIGINT", close);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function wholeNumber(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`Cannot use --${name} ${JSON.stringify(text)}: it must be a whole number from ${least} to ${most}`);
  }
  return value;
}

/** Ends the process with one line when a flag is unknown. */
function readFlags<T extends NonNullable<ParseArgsConfig["options"]>>(options: T) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}
