#!/usr/bin/env node
// Plain JavaScript that any Node since 20 reads: an older Node hands over to the packaged Node 24.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;
/** Set for the process that is handed over to, so that an unsuitable one does not hand over for ever. */
const MARK = "CARILLON_HANDED_OVER";

if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
  delete process.env[MARK];
  const [{ main }, { processIo }] = await Promise.all([
    import("../client/cli/main.ts"),
    import("../client/cli/process-io.ts"),
  ]);
  process.exitCode = await main(process.argv.slice(2), processIo());
} else {
  handOver();
}

function handOver() {
  const node = process.env[MARK] === undefined ? findNode() : undefined;
  if (node === undefined) {
    const hint = "install it, or run npm ci, which brings it on Linux";
    process.stderr.write(
      `error[usage]: Cannot run on Node ${process.versions.node}: Node ${NEEDED_MAJOR} is needed; ${hint}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: "inherit", env: { ...process.env, [MARK]: "1" } });
  const passOn = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  for (const signal of signals) process.on(signal, passOn);
  child.on("error", (error) => {
    process.stderr.write(`error[internal]: Cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
    // There is nobody left to pass them on to: the next signal is for this process.
    for (const name of signals) process.off(name, passOn);
  });
}

/** The packaged Node: beside this package, or wherever it was installed to. */
function findNode() {
  const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
  const beside = join(root, "node_modules", ".bin", "node");
  if (existsSync(beside)) return beside;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const packaged = join(dirname(manifest), "bin", "node");
    return existsSync(packaged) ? packaged : undefined;
  } catch {
    return undefined;
  }
}
