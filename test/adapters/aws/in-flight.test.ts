import { describe, expect, it } from "vitest";
import { InFlight } from "../../../adapters/aws/in-flight.ts";

describe("InFlight", () => {
  it("lets no more calls be under way than it was told, and all of them in the end, in their order", async () => {
    const gate = new InFlight(3);
    const begun: number[] = [];
    let [underWay, most] = [0, 0];
    const call = (index: number) => async () => {
      begun.push(index);
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      if (index % 4 === 0) throw new Error("refused");
      return index;
    };
    const ended = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => gate.run(call(index))));
    expect(most).toBe(3);
    expect(begun).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect(ended.filter(({ status }) => status === "rejected")).toHaveLength(5);
  });
});
