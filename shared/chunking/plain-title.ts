/** Longer titles are formatted prose: as part of a path they would outweigh the chunk. */
const MAX_TITLE_LENGTH = 200;
/** Enough for the longest title with links in it. */
const MAX_TITLE_MARKDOWN = 20_000;

/** Code, an address, a tag; what looks like one in code or is escaped is text. */
const CODE_OR_TAG = /(?<!`)(`+)(?!`)[^`]+\1|(?<!\\)<(?:(https?:[^<>\s]*)|\/?[a-zA-Z][^<>]*)>/g;
/** A link or image. None of its parts contains the beginning of another, so that each is read once. */
const LINK = /(?<!\\)!?\[((?:\\.|[^[\]\\])*)\]\((?:[^()\s]|\([^()\s]*\))*\)/g;

/** A title's text as a reader sees it, on one line. */
export function plainTitle(markdown: string, maxLength = MAX_TITLE_LENGTH): string {
  const text = markdown
    .slice(0, MAX_TITLE_MARKDOWN)
    .replace(LINK, "$1")
    .replace(LINK, "$1")
    .replace(CODE_OR_TAG, (mark: string, code?: string, address?: string) =>
      code === undefined ? (address ?? (mark === "<br>" ? " " : "")) : mark,
    )
    .replace(/(?<!\\)(?:\*{1,3}|~~|`+)/g, "")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > maxLength ? `${text.slice(0, maxLength).toWellFormed()}…` : text;
}
