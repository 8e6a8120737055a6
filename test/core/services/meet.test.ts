import { expect, it } from "vitest";
import { meetAtMs } from "../../../core/services/meet.ts";

it("meetAtMs() puts off to the next whole second, and not beyond one", () => {
  expect([1_000, 1_001, 1_999.5, 2_000].map(meetAtMs)).toEqual([1_000, 2_000, 2_000, 2_000]);
});
