import { readFileSync } from "node:fs";
import { z } from "zod";

const priceSchema = z.strictObject({
  id: z.string(),
  what: z.string(),
  /** List price of `per` units. */
  usd: z.number().positive(),
  per: z.number().positive(),
  /** Units that AWS gives every account each month, for good. */
  freePerMonth: z.number().min(0),
  /** A key of `sources`. */
  source: z.string(),
  /** Found only indirectly: to be checked before anyone relies on it. */
  unverified: z.literal(true).optional(),
});
export type Price = z.infer<typeof priceSchema>;

const tableSchema = z.strictObject({
  /** The day on which the prices were gathered. */
  version: z.iso.date(),
  region: z.string(),
  currency: z.literal("USD"),
  sources: z.record(z.string(), z.string()),
  prices: z.array(priceSchema),
});

/** The list prices of one region on one day, with the source of each. */
export class PriceTable {
  readonly version: string;
  readonly region: string;
  readonly #sources: Readonly<Record<string, string>>;
  readonly #prices: ReadonlyMap<string, Price>;

  /** @throws {Error} when a price has no source, or an id stands there twice */
  constructor(table: unknown) {
    const { version, region, sources, prices } = tableSchema.parse(table);
    this.version = version;
    this.region = region;
    this.#sources = sources;
    this.#prices = new Map(prices.map((price) => [price.id, price]));
    if (this.#prices.size < prices.length) throw new Error("Cannot use the price table: an id stands there twice");
    const unsourced = prices.find(({ source }) => sources[source] === undefined);
    if (unsourced !== undefined) throw new Error(`Cannot use the price of "${unsourced.id}": it has no source`);
  }

  static read(): PriceTable {
    return new PriceTable(JSON.parse(readFileSync(new URL("prices.json", import.meta.url), "utf8")));
  }

  get(id: string): Price {
    const price = this.#prices.get(id);
    if (price === undefined) throw new Error(`Cannot find the price of "${id}": it is not in the table`);
    return price;
  }

  /** List price of so many units, without what is free. */
  usd(id: string, units: number): number {
    const { usd, per } = this.get(id);
    return (units * usd) / per;
  }

  /** Price of a month's units when nothing else of the account uses up what is free. */
  usdAfterFree(id: string, unitsPerMonth: number): number {
    return this.usd(id, Math.max(0, unitsPerMonth - this.get(id).freePerMonth));
  }

  sourceOf(id: string): string {
    return this.#sources[this.get(id).source] ?? "";
  }
}
