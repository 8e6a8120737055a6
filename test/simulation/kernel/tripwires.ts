/** What the code under test must not touch: the machine's own time and chance. */
const FORBIDDEN: readonly (readonly [owner: object, name: string])[] = [
  [globalThis, "setTimeout"],
  [globalThis, "setInterval"],
  [globalThis, "setImmediate"],
  [globalThis, "fetch"],
  [AbortSignal, "timeout"],
  [Date, "now"],
  [performance, "now"],
  [Math, "random"],
  [crypto, "randomUUID"],
  [crypto, "getRandomValues"],
];

/**
 * Does `work` with real timers, clocks and draws made to throw: whoever touched one would make histories differ from run
 * to run. Whoever uses them rightly outside of the history has kept them before.
 *
 * @throws {Error} also when the code under test has caught what was thrown
 */
export async function withTripwires<T>(work: () => Promise<T>): Promise<T> {
  let tripped: Error | undefined;
  const trip = (name: string): never => {
    tripped = new Error(`Cannot use ${name} in a simulated history: it is not a function of the seed`);
    throw tripped;
  };
  const removals = FORBIDDEN.map(([owner, name]) => replace(owner, name, () => trip(name)));
  removals.push(replace(globalThis, "Date", givenDate(trip)));
  try {
    const result = await work();
    if (tripped !== undefined) throw tripped;
    return result;
  } finally {
    for (const remove of removals) remove();
  }
}

/** @returns what puts the former value back */
function replace(owner: object, name: string, value: unknown): () => void {
  const former = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    // Some are of the prototype: what lies before them is taken away.
    if (former === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, former);
  };
}

/** Dates of instants that are given: the present one is the machine's. */
function givenDate(trip: (name: string) => never): DateConstructor {
  return new Proxy(Date, {
    construct: (target, values) =>
      values.length === 0 ? trip("new Date()") : (Reflect.construct(target, values) as Date),
    apply: () => trip("Date()"),
  });
}
