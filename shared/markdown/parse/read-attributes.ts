/** A key of no attribute: the element has an attribute twice, by names that differ at most in case, of which XML knows two. */
export const REPEATED = "";

type Attributes = {
  attributes: ReadonlyMap<string, string> | null;
  selfClosing: boolean;
  /** Index after the tag's `>`. */
  end: number;
};

/**
 * Reads the attributes of a start tag from `start` (after its name) to its `>`. Names in lower case, the first of a repeated
 * name wins, and `REPEATED` is set. `exhausted` remembers the quote characters that do not occur again, so that an unclosed quote costs one
 * search, not one for each attribute; its value then ends at the next space or `>`.
 */
export function readAttributes(
  source: string,
  start: number,
  decode: (text: string) => string,
  exhausted: Set<string>,
): Attributes {
  let attributes: Map<string, string> | null = null;
  let selfClosing = false;
  let position = start;
  while (position < source.length) {
    const code = source.charCodeAt(position);
    if (code === 0x3e /* > */) return { attributes, selfClosing, end: position + 1 };
    if (code === 0x3c /* < */) break;
    if (code <= 0x20 || code === 0x2f /* / */) {
      selfClosing = code === 0x2f;
      position++;
      continue;
    }
    selfClosing = false;
    const nameEnd = scan(source, position + 1, endsName);
    const name = source.slice(position, nameEnd).toLowerCase();
    position = scan(source, nameEnd, (code) => code > 0x20);
    let value = "";
    if (source.charCodeAt(position) === 0x3d /* = */) {
      position = scan(source, position + 1, (code) => code > 0x20);
      const end = quotedValueEnd(source, position, exhausted);
      if (end !== -1) {
        value = source.slice(position + 1, end);
        position = end + 1;
      } else {
        const valueEnd = scan(source, position, (code) => code <= 0x20 || code === 0x3e);
        value = source.slice(position, valueEnd);
        position = valueEnd;
      }
    } else {
      position = nameEnd;
    }
    attributes ??= new Map();
    if (attributes.has(name)) attributes.set(REPEATED, name);
    else attributes.set(name, value.includes("&") ? decode(value) : value);
  }
  return { attributes, selfClosing, end: position };
}

/** Index of the closing quote of the value that begins at `start`; -1 if it is not quoted or never closed. */
function quotedValueEnd(source: string, start: number, exhausted: Set<string>): number {
  const quote = source[start];
  if ((quote !== '"' && quote !== "'") || exhausted.has(quote)) return -1;
  const end = source.indexOf(quote, start + 1);
  if (end === -1) exhausted.add(quote);
  return end;
}

function endsName(code: number): boolean {
  return code <= 0x20 || code === 0x3d /* = */ || code === 0x3e /* > */ || code === 0x2f; /* / */
}

function scan(source: string, start: number, stops: (code: number) => boolean): number {
  let position = start;
  while (position < source.length && !stops(source.charCodeAt(position))) position++;
  return position;
}
