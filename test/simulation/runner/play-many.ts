import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type ProfileName, profileOf } from "../world/profiles.ts";
import type { Played, Task } from "./player.ts";

export interface ManyOptions {
  readonly from: number;
  readonly count: number;
  /** @default each seed has its own */
  readonly profile?: ProfileName | undefined;
  readonly hasLeases?: boolean;
  /** Every how-manieth seed is played twice. @default 20 */
  readonly twiceEvery?: number;
  readonly isShrunk?: boolean;
  /** A history ends as soon as one of these invariants is broken. */
  readonly untilBroken?: readonly string[];
  readonly processes?: number;
  /** Arguments of Node for the players, such as hooks that plant bugs. */
  readonly execArgv?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
  /** Told of each; `false` ends it. */
  readonly onPlayed: (played: Played) => boolean;
}

const PLAYER = fileURLToPath(new URL("player.ts", import.meta.url));
const TWICE_EVERY = 20;

/** Plays the histories of many seeds, in several processes side by side. */
export async function playMany(options: ManyOptions): Promise<void> {
  const { from, count, processes = 2 } = options;
  let next = from;
  let isOver = false;
  const take = (): Task | undefined => {
    if (isOver || next >= from + count) return undefined;
    const seed = next;
    next += 1;
    return taskOf(seed, options);
  };
  const end = (): void => void (isOver = true);
  await Promise.all(Array.from({ length: Math.min(processes, count) }, () => runPlayer(options, take, end)));
}

function taskOf(
  seed: number,
  { profile, hasLeases = true, twiceEvery = TWICE_EVERY, isShrunk = false, untilBroken = [] }: ManyOptions,
): Task {
  return {
    options: { seed, profile: profile ?? profileOf(seed), hasLeases, untilBroken },
    isTwice: seed % twiceEvery === 0,
    isShrunk,
  };
}

function runPlayer(
  { execArgv = [], environment = {}, onPlayed }: ManyOptions,
  take: () => Task | undefined,
  end: () => void,
): Promise<void> {
  const child: ChildProcess = fork(PLAYER, { execArgv: [...execArgv], env: { ...process.env, ...environment } });
  return new Promise((resolve, reject) => {
    let task = take();
    const giveNext = (): void => {
      if (task === undefined) child.disconnect();
      else child.send(task);
    };
    child.on("message", (played: Played) => {
      if (!onPlayed(played)) end();
      task = take();
      giveNext();
    });
    child.on("exit", (code) => {
      if (task === undefined) resolve();
      else reject(new Error(`Cannot play seed ${task.options.seed}: its process ended with ${code}`));
    });
    giveNext();
  });
}
