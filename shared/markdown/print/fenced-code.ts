/** A fenced block of code, with a fence longer than any in the code. */
export function fencedCode(code: string, language: string): string {
  let fence = "```";
  for (const [run] of code.matchAll(/`{3,}/g)) {
    if (run.length >= fence.length) fence = "`".repeat(run.length + 1);
  }
  const text = trimmedCode(code);
  return text === "" ? "" : `${fence}${language}\n${text}\n${fence}`;
}

/** Code with line feeds only, without the empty lines around it. */
export function trimmedCode(code: string): string {
  return code
    .replace(/\r\n?/g, "\n")
    .replace(/^(?:[ \t]*\n)+/, "")
    .trimEnd();
}

/** Code between HTML tags, where Markdown is still read. */
export function escapedCode(code: string): string {
  return code
    .replace(/[&<>]/g, (character) => (character === "&" ? "&amp;" : character === "<" ? "&lt;" : "&gt;"))
    .replace(/[\\`*_[\]~]/g, "\\$&")
    .replace(/\n/g, "&#10;");
}
