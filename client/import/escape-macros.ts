/** Writes a text so that a job takes it as it is: `{{` begins a macro, `{{{{` is a plain `{{`. */
export function escapeMacros(text: string): string {
  return text.replaceAll("{{", "{{{{");
}
