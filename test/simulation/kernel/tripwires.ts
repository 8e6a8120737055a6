/** What the code under test must not touch: the machine's own time and chance. */
const FORBIDDEN = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  fetch: globalThis.fetch,
};

/**
 * Does `work` with real timers, clocks and draws made to throw: whoever touched one would make histories differ from run
 * to run. Whoever uses them rightly outside of the history has kept them before.
 */
export async function withTripwires<T>(work: () => Promise<T>): Promise<T> {
  const { now } = Date;
  const { random } = Math;
  for (const name of Object.keys(FORBIDDEN)) {
    Object.assign(globalThis, { [name]: () => trip(name) });
  }
  Date.now = () => trip("Date.now");
  Math.random = () => trip("Math.random");
  try {
    return await work();
  } finally {
    Object.assign(globalThis, FORBIDDEN);
    Date.now = now;
    Math.random = random;
  }
}

function trip(name: string): never {
  throw new Error(`Cannot use ${name} in a simulated history: it is not a function of the seed`);
}
