import { describe, expect, it } from "vitest";
import { mutate, type Mutation } from "./mutation.ts";

describe("mutate()", () => {
  it("changes neither the value nor what it puts there, however often that is put somewhere", () => {
    const put = { a: {} };
    const value = { list: [1] };
    const replace: Mutation = { place: 1, kind: "replace", key: "", value: put };
    const add: Mutation = { place: 2, kind: "add", key: "b", value: put };

    const once = mutate(value, [replace, add]);

    expect(mutate(value, [replace, add])).toEqual(once);
    expect(put).toEqual({ a: {} });
    expect(value).toEqual({ list: [1] });
  });
});
