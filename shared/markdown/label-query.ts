/** What is known of the content that a query of a macro finds: each item carries one of the labels. */
export type LabelQuery = {
  labels: string[];
  /** `own`: the space of the page with the macro. */
  space: "own" | "any" | { key: string };
  /** What it finds depends on the time too. */
  changesByTime: boolean;
};

type Clause = { labels: string[] } | null;

/**
 * Reads the labels of a CQL query such as `label = "x" and space = currentSpace()` or `label in ("x", "y") or label = "z"`. Null where
 * it finds content without one of the labels that it names, or is not understood.
 */
export function labelsOfQuery(query: string): LabelQuery | null {
  const tokens = tokensOf(query);
  if (!tokens) return null;
  const orderBy = tokens.findIndex((token, at) => token === "order" && tokens[at + 1] === "by");
  const read = readAny(orderBy === -1 ? tokens : tokens.slice(0, orderBy));
  if (!read) return null;
  return {
    labels: [...new Set(read.labels)],
    space: spaceOf(query),
    changesByTime: tokens.some((token) => /^(?:now|startof|endof)/.test(token)),
  };
}

/** Words, operators, parentheses in lower case; what is quoted as it is, after a quotation mark. */
function tokensOf(query: string): string[] | null {
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!?[=~]|[<>]=?|[(),])|([^\s"'()=!~<>,]+))/y;
  const tokens: string[] = [];
  while (pattern.lastIndex < query.trimEnd().length) {
    const match = pattern.exec(query);
    if (!match) return null;
    const [, double, single, mark, word] = match;
    const quoted = double ?? single;
    tokens.push(
      quoted === undefined ? (mark ?? word ?? "").toLowerCase() : `"${quoted.replaceAll(/\\(.)/g, "$1")}`,
    );
  }
  return tokens;
}

/** Of alternatives each must name labels. */
function readAny(tokens: readonly string[]): Clause {
  const labels: string[] = [];
  for (const part of splitAt(tokens, "or")) {
    const read = readAll(part);
    if (!read) return null;
    labels.push(...read.labels);
  }
  return { labels };
}

/** Of conditions that hold together one is enough: the others only leave out more. */
function readAll(tokens: readonly string[]): Clause {
  const read = splitAt(tokens, "and").map(readOne);
  const named = read.filter((clause) => clause !== null);
  return named.length === 0 ? null : { labels: named.flatMap(({ labels }) => labels) };
}

function readOne(tokens: readonly string[]): Clause {
  const [first, operator, ...rest] = tokens;
  if (first === "(" && tokens.at(-1) === ")") return readAny(tokens.slice(1, -1));
  if (first !== "label" && first !== '"label') return null;
  const values = rest.filter((token) => !/^[(),]$/.test(token)).map((token) => token.replace(/^"/, ""));
  if (operator === "=" && values.length === 1) return { labels: values };
  if (operator === "in" && values.length > 0) return { labels: values };
  return null;
}

/** Cuts at a word outside of parentheses. */
function splitAt(tokens: readonly string[], word: string): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    if (token === word && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function spaceOf(query: string): LabelQuery["space"] {
  const clauses = [
    ...query.matchAll(/\bspace(?:\.key)?\s*(!?=|not\s+in|in)\s*("[^"]*"|'[^']*'|\w+(?:\(\))?)/gi),
  ];
  const [only] = clauses;
  const [, operator, value = ""] = only ?? [];
  if (clauses.length !== 1 || operator !== "=") return "any";
  if (/^currentspace\(\)$/i.test(value)) return "own";
  return { key: value.replaceAll(/["']/g, "") };
}
