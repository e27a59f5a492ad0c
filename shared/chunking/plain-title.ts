/** Longer titles are formatted prose: as part of a path they would outweigh the chunk. */
const MAX_TITLE_LENGTH = 200;
/** Enough for the longest title with links in it. */
const MAX_TITLE_MARKDOWN = 20_000;

/** A title's text as a reader sees it, on one line. */
export function plainTitle(markdown: string, maxLength = MAX_TITLE_LENGTH): string {
  const text = markdown
    .slice(0, MAX_TITLE_MARKDOWN)
    .replace(/!\[((?:\\.|[^\]\\])*)\]\([^)\s]*\)/g, "$1")
    .replace(/\[((?:\\.|[^\]\\])*)\]\((?:[^()\s]|\([^()\s]*\))*\)/g, "$1")
    .replace(/<(https?:[^>\s]*)>/g, "$1")
    .replace(/<br>/g, " ")
    .replace(/<\/?[a-zA-Z][^>]*>/g, "")
    .replace(/(?<!\\)(?:\*{1,3}|~~|`+)/g, "")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
  return text.length > maxLength ? `${text.slice(0, maxLength).toWellFormed()}…` : text;
}
