import { describe, expect, it } from "vitest";
import { SharedWork } from "../../../core/services/workflow/shared-work.ts";

/** Work that ends when it is told to. */
function manualWork() {
  const begun: ((outcome: number | Error) => void)[] = [];
  const work = (): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    begun.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
    return promise;
  };
  return { begun, work };
}

describe("shared work", () => {
  it("is done at once for the first, and once more for all who ask meanwhile", async () => {
    const shared = new SharedWork<number>();
    const { begun, work } = manualWork();
    const first = shared.do("a", work);
    const others = [shared.do("a", work), shared.do("a", work), shared.do("a", work)];
    expect(begun).toHaveLength(1);
    begun[0]?.(1);
    expect(await first).toBe(1);
    await Promise.resolve();
    expect(begun).toHaveLength(2);
    begun[1]?.(2);
    expect(await Promise.all(others)).toEqual([2, 2, 2]);
    const last = shared.do("a", work);
    expect(begun).toHaveLength(3);
    begun[2]?.(3);
    expect(await last).toBe(3);
  });

  it("of one name does not wait for that of another", () => {
    const shared = new SharedWork<number>();
    const { begun, work } = manualWork();
    void shared.do("a", work);
    void shared.do("b", work);
    expect(begun).toHaveLength(2);
  });

  it("that fails, fails for those who shared it, and for nobody else", async () => {
    const shared = new SharedWork<number>();
    const { begun, work } = manualWork();
    const first = shared.do("a", work);
    const second = shared.do("a", work);
    begun[0]?.(new Error("no luck"));
    await expect(first).rejects.toThrow("no luck");
    await Promise.resolve();
    begun[1]?.(2);
    expect(await second).toBe(2);
  });
});
