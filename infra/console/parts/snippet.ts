export type SnippetPart = { text: string; isMatch: boolean };

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };
const TAG = /<mark>|<\/mark>/;

/**
 * The parts of a snippet as search returns it: escaped text with `<mark>` around what matched. Anything else that looks like
 * markup stays text.
 */
export function parseSnippet(html: string): SnippetPart[] {
  let isMatch = false;
  const parts: SnippetPart[] = [];
  let rest = html;
  while (rest !== "") {
    const tag = TAG.exec(rest);
    const text = unescape(tag ? rest.slice(0, tag.index) : rest);
    if (text !== "") parts.push({ text, isMatch });
    if (!tag) break;
    isMatch = tag[0] === "<mark>";
    rest = rest.slice(tag.index + tag[0].length);
  }
  return parts;
}

function unescape(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot);/g, (entity, name: string) => ENTITIES[name] ?? entity);
}
