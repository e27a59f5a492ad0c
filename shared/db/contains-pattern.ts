/** An `ilike` pattern for text that contains `text`, whatever characters it has. */
export function containsPattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
}
