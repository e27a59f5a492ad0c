/** For each UTF-16 unit: unknown yet, part of a word, or not. A table, because it is read for each letter of each page. */
const KINDS = new Uint8Array(0x10000);
const IN_WORD = 1;
const BETWEEN_WORDS = 2;

/** Reads the words of a text in order (letters and digits of any script), without building a list. */
export class WordReader {
  readonly #texts: Iterator<string>;
  #text = "";
  #position = 0;

  constructor(texts: Iterable<string>) {
    this.#texts = texts[Symbol.iterator]();
  }

  /** Words that were read ahead. */
  #ahead: string[] = [];

  /** The next word; empty after the last one. */
  next(): string {
    return this.#ahead.length > 0 ? (this.#ahead.shift() ?? "") : this.#read();
  }

  /** The word after `distance` others; empty beyond the last one. */
  peek(distance: number): string {
    while (this.#ahead.length <= distance) this.#ahead.push(this.#read());
    return this.#ahead[distance] ?? "";
  }

  /** Skips equal words in both without building strings: nearly all words are equal. */
  skipCommon(other: WordReader): void {
    if (this.#ahead.length > 0 || other.#ahead.length > 0) return;
    while (this.#seek() && other.#seek()) {
      const length = commonWord(this.#text, this.#position, other.#text, other.#position);
      if (length === 0) return;
      this.#position += length;
      other.#position += length;
    }
  }

  #read(): string {
    if (!this.#seek()) return "";
    const start = this.#position;
    let end = start + 1;
    while (end < this.#text.length && isInWord(this.#text, end)) end++;
    this.#position = end;
    return this.#text.slice(start, end);
  }

  /** Moves to the beginning of the next word; false after the last one. */
  #seek(): boolean {
    for (;;) {
      const text = this.#text;
      let start = this.#position;
      while (start < text.length && !isInWord(text, start)) start++;
      this.#position = start;
      if (start < text.length) return true;
      const more = this.#texts.next();
      if (more.done) return false;
      this.#text = more.value;
      this.#position = 0;
    }
  }
}

/** Length of the word that begins at both positions; 0 if they differ. */
function commonWord(text: string, start: number, other: string, otherStart: number): number {
  for (let length = 0; ; length++) {
    const place = start + length;
    const otherPlace = otherStart + length;
    const goesOn = place < text.length && isInWord(text, place);
    if (goesOn !== (otherPlace < other.length && isInWord(other, otherPlace))) return 0;
    if (!goesOn) return length;
    if (text.charCodeAt(place) !== other.charCodeAt(otherPlace)) return 0;
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

/** The character to which half of a surrogate pair belongs. */
function characterAround(text: string, index: number): string {
  const isLow = (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  const isPair = isLow && index > 0 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800;
  return String.fromCodePoint(text.codePointAt(isPair ? index - 1 : index) ?? 0);
}

function isWordCharacter(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}
