/** Letters of an English word that one token holds, and letters of each further token. */
const FIRST_TOKEN_LETTERS = 8;
const NEXT_TOKEN_LETTERS = 6;

/**
 * Estimates the tokens of a text without a tokenizer (a vocabulary weighs a megabyte in each function). Against cl100k on
 * prose, tables and code the error stays within the bound that its test states. One pass, no allocation.
 */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let index = 0;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    let end = index + 1;
    if (isLetter(code)) {
      let humps = 0;
      while (isLetter(text.charCodeAt(end))) {
        if (text.charCodeAt(end) < 0x5b && text.charCodeAt(end - 1) > 0x5a) humps++;
        end++;
      }
      tokens += 1 + humps * 0.7 + Math.max(0, end - index - FIRST_TOKEN_LETTERS) / NEXT_TOKEN_LETTERS;
    } else if (isDigit(code)) {
      while (isDigit(text.charCodeAt(end))) end++;
      tokens += Math.ceil((end - index) / 3);
    } else if (code === 0x20 || code === 0x09 || code === 0x0a) {
      while (text.charCodeAt(end) === code) end++;
      if (code === 0x0a) tokens += 0.9;
      else if (end - index > 1) tokens += 1;
    } else if (code < 0x80) {
      while (isPunctuation(text.charCodeAt(end))) end++;
      tokens += 0.7 + (end - index - 1) * 0.35;
    } else {
      tokens += tokensOfCharacter(code);
    }
    index = end;
  }
  return Math.ceil(tokens);
}

/** Halves of a surrogate pair count apart: an emoji is two to three tokens. */
function tokensOfCharacter(code: number): number {
  if (code < 0x250) return 0.9;
  if (code < 0x2e80) return 0.7;
  return 1.2;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isPunctuation(code: number): boolean {
  return code > 0x20 && code < 0x7f && !isLetter(code) && !isDigit(code);
}
