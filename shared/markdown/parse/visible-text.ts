/** Postgres refuses U+0000 in text, UTF-8 has no lone surrogates, and other control characters have no meaning in a page. */
// oxlint-disable-next-line no-control-regex -- they are what is removed
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

export function withoutControlCharacters(text: string): string {
  return text.replace(CONTROL, "").toWellFormed();
}

/** Also characters without width that split words for a search: soft hyphen, zero-width space, word joiner, byte order mark. */
// oxlint-disable-next-line no-control-regex -- they are what is removed
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u00ad\u200b\u2060\ufeff]/g;
/** The same as it is written in a body without control characters. */
const WRITTEN_UNSEEN = /[\u00ad\u200b\u2060\ufeff]|&(?:#|shy|Zero|Negative|NoBreak)/;

/** Whether any text of a body contains what `visibleText` removes, literally or as an entity. */
export function holdsUnseenText(body: string): boolean {
  return WRITTEN_UNSEEN.test(body);
}

/**
 * A text without invisible characters. The joiners U+200C and U+200D stay: Persian, the scripts of India and
 * emoji need them.
 */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, "");
}
