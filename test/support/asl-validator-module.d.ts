/** As much of the validator's surface as tests use; the package brings no types. */
declare module "asl-validator" {
  export default function validate(definition: object): {
    readonly isValid: boolean;
    readonly errors: readonly object[];
  };
}
