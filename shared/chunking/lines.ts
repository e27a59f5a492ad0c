/** A line of a document. */
export type Line = {
  /** Where it begins and ends in the document, without its line feed. */
  from: number;
  to: number;
  /** Where its text begins, after the marks of the quotes and items around it. */
  textFrom: number;
  text: string;
};

/** A quote or an item of a list, in the containers around it. */
export type Container = {
  around: Container | null;
  /** Of an item, how far its text is indented; of a quote, 0. */
  indent: number;
  /** Of a quote that is an alert, its mark: `[!NOTE]`. */
  alert?: string;
};

export const QUOTE_MARK = /^ {0,3}> ?/;

/** The line that begins at a position of a text. */
export function lineAt(text: string, start: number): Line {
  const feed = text.indexOf("\n", start);
  const end = feed === -1 ? text.length : feed;
  return { from: start, to: end, textFrom: start, text: text.slice(start, end) };
}

/** A line without its first characters. */
export function lineAfter(line: Line, length: number): Line {
  return { ...line, textFrom: line.textFrom + length, text: line.text.slice(length) };
}

/** A further line of a container, without the container's mark. */
export function lineInside(line: Line, container: Container | null): Line {
  if (!container) return line;
  const outer = lineInside(line, container.around);
  if (container.indent === 0) return lineAfter(outer, QUOTE_MARK.exec(outer.text)?.[0].length ?? 0);
  let indent = 0;
  while (indent < container.indent && outer.text.charCodeAt(indent) === 0x20) indent++;
  return lineAfter(outer, indent);
}

/** Iterates over the lines of a document, or of a container in it. */
export type LineSource = {
  /** The line that is next; null at the end. */
  peek(): Line | null;
  advance(): void;
};

export function linesOf(text: string): LineSource {
  let next: Line | null = text === "" ? null : lineAt(text, 0);
  return {
    peek: () => next,
    advance: () => {
      next = next && next.to < text.length ? lineAt(text, next.to + 1) : null;
    },
  };
}

/** The prefix of a container's lines: the marks of quotes and the indentation of items. */
export function linePrefix(container: Container | null): string {
  if (!container) return "";
  return linePrefix(container.around) + (container.indent === 0 ? "> " : " ".repeat(container.indent));
}

/** The marks of the quotes around a container, without the indentation of items. */
export function quotePrefix(container: Container | null): string {
  if (!container) return "";
  return quotePrefix(container.around) + (container.indent === 0 ? "> " : "");
}

/** The lines of a block in a document. Lazy, because a block may have millions. */
export function* leafLines(
  markdown: string,
  leaf: { from: number; to: number; textFrom: number; container: Container | null },
): Generator<Line> {
  for (let start = leaf.from; start <= leaf.to;) {
    const line = lineAt(markdown, start);
    yield start === leaf.from ? lineAfter(line, leaf.textFrom - leaf.from) : lineInside(line, leaf.container);
    start = line.to + 1;
  }
}
