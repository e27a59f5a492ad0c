/**
 * The lines of a stream of UTF-8, without their ends: line feeds, with a carriage return or not. Node's own reader of lines also splits at
 * U+2028 and U+2029, which texts in JSON may contain.
 */
export async function* readLines(stream: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  for await (const part of stream) {
    const text = typeof part === "string" ? part : decoder.decode(part, { stream: true });
    const [first = "", ...others] = text.split("\n");
    begun.push(first);
    const last = others.pop();
    if (last === undefined) continue;
    yield withoutReturn(begun.join(""));
    for (const line of others) yield withoutReturn(line);
    begun = [last];
  }
  const rest = begun.join("") + decoder.decode();
  if (rest !== "") yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
