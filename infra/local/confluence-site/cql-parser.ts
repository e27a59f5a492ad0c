/** A CQL query as far as the site understands it. */
export type CqlQuery = { where: Condition | null; orderBy: { field: string; descending: boolean }[] };

export type Condition =
  | { kind: "and" | "or"; left: Condition; right: Condition }
  | { kind: "not"; condition: Condition }
  | { kind: "compare"; field: string; operator: Operator; values: CqlValue[] };

const SYMBOLS = ["=", "!=", ">", ">=", "<", "<=", "~", "!~"] as const;

export type Operator = (typeof SYMBOLS)[number] | "in" | "not in";

export type CqlValue =
  | { kind: "text"; text: string }
  | { kind: "call"; name: string; argument: string | null };

/** The query is not CQL, or not of the part that the site knows: status 400, as Confluence does. */
export class CqlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CqlError";
  }
}

type Token = { kind: "word" | "string" | "operator" | "mark"; text: string };

/** Reads a query. Throws `CqlError`. */
export function parseCql(text: string): CqlQuery {
  const tokens = tokenize(text);
  let at = 0;

  const peekWord = (...words: string[]) =>
    words.every((word, n) => {
      const token = tokens[at + n];
      return token?.kind === "word" && token.text.toLowerCase() === word;
    });
  const peekMark = (mark: string) => tokens[at]?.kind === "mark" && tokens[at]?.text === mark;
  const take = (kinds: Token["kind"][], what: string): string => {
    const token = tokens[at];
    if (!token || !kinds.includes(token.kind)) {
      throw new CqlError(`Expected ${what} but got ${token ? `'${token.text}'` : "the end"}`);
    }
    at += 1;
    return token.text;
  };
  const takeMark = (mark: string) => {
    if (!peekMark(mark)) throw new CqlError(`Expected '${mark}' but got '${tokens[at]?.text ?? "the end"}'`);
    at += 1;
  };

  function either(): Condition {
    let left = both();
    while (peekWord("or")) {
      at += 1;
      left = { kind: "or", left, right: both() };
    }
    return left;
  }

  function both(): Condition {
    let left = single();
    while (peekWord("and")) {
      at += 1;
      left = { kind: "and", left, right: single() };
    }
    return left;
  }

  function single(): Condition {
    if (peekWord("not")) {
      at += 1;
      return { kind: "not", condition: single() };
    }
    if (peekMark("(")) {
      at += 1;
      const inner = either();
      takeMark(")");
      return inner;
    }
    const field = take(["word"], "a field").toLowerCase();
    const operator = readOperator();
    const values = operator === "in" || operator === "not in" ? readList() : [readValue()];
    return { kind: "compare", field, operator, values };
  }

  function readOperator(): Operator {
    if (peekWord("not", "in")) {
      at += 2;
      return "not in";
    }
    if (peekWord("in")) {
      at += 1;
      return "in";
    }
    const text = take(["operator"], "an operator");
    const operator = SYMBOLS.find((symbol) => symbol === text);
    if (!operator) throw new CqlError(`Unknown operator '${text}'`);
    return operator;
  }

  function readList(): CqlValue[] {
    takeMark("(");
    const values = [readValue()];
    while (peekMark(",")) {
      at += 1;
      values.push(readValue());
    }
    takeMark(")");
    return values;
  }

  function readValue(): CqlValue {
    const quoted = tokens[at]?.kind === "string";
    const text = take(["word", "string"], "a value");
    if (quoted || !peekMark("(")) return { kind: "text", text };
    at += 1;
    const argument = peekMark(")") ? null : take(["word", "string"], "an argument");
    takeMark(")");
    return { kind: "call", name: text.toLowerCase(), argument };
  }

  function order(): CqlQuery["orderBy"] {
    if (!peekWord("order", "by")) return [];
    at += 2;
    const fields = [];
    do {
      if (fields.length > 0) takeMark(",");
      const field = take(["word"], "a field to order by").toLowerCase();
      const descending = peekWord("desc");
      if (descending || peekWord("asc")) at += 1;
      fields.push({ field, descending });
    } while (peekMark(","));
    return fields;
  }

  const where = tokens.length === 0 || peekWord("order", "by") ? null : either();
  const orderBy = order();
  const rest = tokens[at];
  if (rest) throw new CqlError(`Unexpected '${rest.text}'`);
  return { where, orderBy };
}

function tokenize(text: string): Token[] {
  const pattern =
    /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|>=|<=|!~|[=<>~])|([(),])|([^\s"'=!<>~(),]+))/y;
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (!match) throw new CqlError(`Could not parse cql at '${text.slice(from, from + 20)}'`);
    const [, double, single, operator, mark, word] = match;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: "string", text: quoted.replaceAll(/\\(.)/gs, "$1") });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator });
    else if (mark !== undefined) tokens.push({ kind: "mark", text: mark });
    else tokens.push({ kind: "word", text: word ?? "" });
  }
  return tokens;
}
