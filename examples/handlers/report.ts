import type { HandlerContext } from "../../worker/executors/handler-context.ts";

type Parameters = { readonly shops: readonly string[]; readonly currency: string };

const DAY_MS = 86_400_000;

/** Adds up the revenue of the day before the slot, shop by shop. What it returns is kept as the run's result. */
export default async function report(context: HandlerContext<Parameters>): Promise<{ day: string; total: number }> {
  const { shops, currency } = context.parameters;
  if (shops.length === 0) throw new ValidationError('Cannot make report: parameter "shops" must name a shop');
  const day = new Date(context.slot.at.getTime() - DAY_MS).toISOString().slice(0, 10);
  let total = 0;
  for (const [index, shop] of shops.entries()) {
    context.signal.throwIfAborted();
    total += await revenueOf(shop, day);
    context.progress({ done: index + 1, of: shops.length });
  }
  context.logger.info("Revenue added up", { day, total, currency });
  return { day, total };
}

/** Named in `retry.nonRetryable`: wrong parameters do not become right by trying again. */
class ValidationError extends Error {
  override readonly name = "ValidationError";
}

/** Stands in for a query: the figure follows from shop and day, so that every attempt gives the same. */
async function revenueOf(shop: string, day: string): Promise<number> {
  await Promise.resolve();
  return Array.from(shop + day, (letter) => letter.codePointAt(0) ?? 0).reduce((sum, code) => sum + code, 0);
}
