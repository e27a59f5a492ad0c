/** Of each UTF-16 unit: not asked yet, part of a word, or not. A table, because this is asked for each letter of each page. */
const KINDS = new Uint8Array(0x10000);
const IN_WORD = 1;
const BETWEEN_WORDS = 2;

/** Reads the words of texts one after the other (letters and digits of any script), without making a list of them. */
export class WordReader {
  readonly #texts: Iterator<string>;
  #text = "";
  #position = 0;

  constructor(texts: Iterable<string>) {
    this.#texts = texts[Symbol.iterator]();
  }

  /** Words that were looked at and are still to come. */
  #ahead: string[] = [];

  /** The next word; empty after the last one. */
  next(): string {
    return this.#ahead.length > 0 ? (this.#ahead.shift() ?? "") : this.#read();
  }

  /** The word that comes after `distance` others; empty beyond the last one. */
  peek(distance: number): string {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#read());
    return this.#ahead[distance] ?? "";
  }

  #read(): string {
    for (;;) {
      const text = this.#text;
      let start = this.#position;
      while (start < text.length && !isInWord(text, start)) start++;
      if (start < text.length) {
        let end = start + 1;
        while (end < text.length && isInWord(text, end)) end++;
        this.#position = end;
        return text.slice(start, end);
      }
      const more = this.#texts.next();
      if (more.done) return "";
      this.#text = more.value;
      this.#position = 0;
    }
  }
}

function isInWord(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  const kind = KINDS[code];
  if (kind !== 0) return kind === IN_WORD;
  if (code >= 0xd800 && code <= 0xdfff) return isWordCharacter(characterAround(text, index));
  const isWord = isWordCharacter(String.fromCharCode(code));
  KINDS[code] = isWord ? IN_WORD : BETWEEN_WORDS;
  return isWord;
}

/** The character that half of a surrogate pair belongs to. */
function characterAround(text: string, index: number): string {
  const isLow = (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  const isPair = isLow && index > 0 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800;
  return String.fromCodePoint(text.codePointAt(isPair ? index - 1 : index) ?? 0);
}

function isWordCharacter(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}
