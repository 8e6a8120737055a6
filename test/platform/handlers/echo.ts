/** Gives back what it is for. */
export default function echo({
  parameters,
}: {
  readonly parameters: { readonly letter?: string };
}): string | undefined {
  return parameters.letter;
}
