import { type Backend, jsonAnswer, jsonError } from "./aws-front.ts";

/** SSM with the parameters that a test has set. */
export class Parameters {
  readonly #values = new Map<string, string>();

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  readonly handle: Backend = ({ operation, input }) => {
    const name = String(input["Name"]);
    const value = this.#values.get(name);
    if (operation !== "GetParameter")
      return Promise.resolve(jsonError(400, "InvalidAction", `${operation} is not served here`));
    if (value === undefined) return Promise.resolve(jsonError(400, "ParameterNotFound", ""));
    return Promise.resolve(jsonAnswer({ Parameter: { Name: name, Type: "SecureString", Value: value, Version: 1 } }));
  };
}
