import { stripVTControlCharacters } from "node:util";

/** Control characters other than tab and line feed, separators of lines, and marks that reorder text on a screen. */
const UNPRINTABLE = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Text from elsewhere, fit for a terminal: without escape sequences and control characters, by which a log line or a
 * name could move the cursor, set the title or forge other lines. Tabs and line feeds stay.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text.replaceAll("\r\n", "\n")).replace(UNPRINTABLE, "");
}

/** As `printable`, in one line. */
export function printableLine(text: string): string {
  return printable(text.replace(/[\r\n\t]+/g, " "));
}

/** As `printable`, but each code unit that can't be shown is replaced by a `?`, so that positions stay. */
export function printableInPlace(text: string): string {
  return text.replace(/[\t\n]/g, " ").replace(UNPRINTABLE, "?");
}

/** JSON for people and programs; what a terminal might act on is escaped, which reads as the same value. */
export function printableJson(value: unknown, indent?: number): string {
  return escapeUnprintable(JSON.stringify(value, undefined, indent) ?? "null");
}

/** Escapes what can't be shown as JSON and YAML do within double quotes. */
export function escapeUnprintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) === -1;
}
