/** The position of the text. */
type Place = {
  /** It is the first on its line. */
  startsLine: boolean;
  /** It is the last on its line. */
  endsLine: boolean;
  inLink: boolean;
  /** In a table cell a line cannot begin a block. */
  inCell: boolean;
};

const MAY_NEED_ESCAPE = /[\\`*_[\]<&~!]/;
const LINE_START = /^(#{1,6}(?= |$)|>|[-+*](?= |$)|-{2,}|=+(?= *$)|~{3,}|\|)/;
const NUMBERED = /^(\d{1,9})([.)])(?= |$)/;

/**
 * Escapes text so that Markdown shows it literally, only where necessary: `snake_case`, `a * b` and `C:\path` stay readable
 * (and searchable).
 */
export function escapeMarkdown(text: string, place: Place): string {
  let escaped = MAY_NEED_ESCAPE.test(text) ? escapeInline(text, place) : text;
  if (place.startsLine) {
    if (!place.inCell) escaped = escaped.replace(LINE_START, "\\$1").replace(NUMBERED, "$1\\$2");
    // A task, an alert, a footnote.
    if (escaped.startsWith("[")) escaped = `\\${escaped}`;
  }
  return escaped;
}

/** Parts that are joined at a time: millions of small strings would take many times the memory of the text. */
const PARTS_AT_A_TIME = 4096;
const MARK = /[\\`[\]<&!]|\*+|_+|~+/g;

function escapeInline(text: string, place: Place): string {
  let escaped = "";
  let parts: string[] = [];
  let position = 0;
  MARK.lastIndex = 0;
  for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
    const [mark] = match;
    const end = MARK.lastIndex;
    if (!needsEscape(mark, text[match.index - 1] ?? "", text[end] ?? "", text, end, place)) continue;
    parts.push(text.slice(position, match.index), `\\${mark.charAt(0)}`.repeat(mark.length));
    position = end;
    if (parts.length >= PARTS_AT_A_TIME) {
      escaped += parts.join("");
      parts = [];
    }
  }
  return position === 0 ? text : escaped + parts.join("") + text.slice(position);
}

function needsEscape(
  mark: string,
  before: string,
  after: string,
  text: string,
  end: number,
  place: Place,
): boolean {
  // Between spaces that stay: those at the edges of the text may end up outside the delimiters around it.
  const standsAlone = before === " " && after === " " && end - mark.length > 1 && end + 1 < text.length;
  const atEnd = after === "" && !place.endsLine;
  switch (mark.charAt(0)) {
    case "\\":
      return after === "" || (after === " " && end + 1 === text.length) || /[!-/:-@[-`{-~]/.test(after);
    case "`":
      return true;
    case "*":
      return !standsAlone;
    case "_":
      if (isWord(before) && isWord(after)) return false;
      return !standsAlone;
    case "~":
      return (
        mark.length > 1 ||
        end <= 2 ||
        end + 1 >= text.length ||
        text.indexOf("~", end) !== -1 ||
        text.indexOf("~") < end - mark.length
      );
    case "[":
      return place.inLink || (end === 1 && !place.endsLine) || after === "^" || after === "!";
    case "]":
      return place.inLink || atEnd || /[([:]/.test(after);
    case "<":
      return atEnd || /[a-zA-Z/!?]/.test(after);
    case "&":
      return atEnd || /^(#\d|#[xX][\da-fA-F]|[a-zA-Z][a-zA-Z0-9]*;)/.test(text.slice(end, end + 40));
    default: // "!", which would make an image of a link after it
      return atEnd || after === "[";
  }
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}
