import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";

/** As Archon v1 cuts Markdown: windows of 5,000 characters, ended at the last fence, else blank line, else sentence. */
export function cutByCharacters(markdown: string, size = 5000): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < markdown.length;) {
    const window = markdown.slice(start, start + size);
    const end = start + size >= markdown.length ? window.length : cutPosition(window, size);
    const piece = window.slice(0, end).trim();
    if (piece !== "") pieces.push(piece);
    start += Math.max(end, 1);
  }
  return pieces;
}

function cutPosition(window: string, size: number): number {
  const earliest = size * 0.3;
  const fence = window.lastIndexOf("```");
  if (fence > earliest) return fence;
  const blank = window.lastIndexOf("\n\n");
  if (blank > earliest) return blank;
  const sentence = window.lastIndexOf(". ");
  return sentence > earliest ? sentence + 1 : size;
}

/** As Onyx cuts: the page as plain text, whole sentences up to 512 tokens. */
export function cutPlainText(text: string, tokens = 512): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const sentence of text.replaceAll(/\s+/g, " ").split(/(?<=[.!?])\s+/)) {
    for (const part of withinLimit(sentence, tokens)) {
      if (piece !== "" && estimateTokens(`${piece} ${part}`) > tokens) {
        pieces.push(piece);
        piece = part;
      } else piece = piece === "" ? part : `${piece} ${part}`;
    }
  }
  return piece.trim() === "" ? pieces : [...pieces, piece];
}

/** A sentence that is too long by itself (a table as text) is cut at words. */
function withinLimit(sentence: string, tokens: number): string[] {
  if (estimateTokens(sentence) <= tokens) return [sentence];
  const words = sentence.split(" ");
  if (words.length === 1) return [sentence];
  const middle = Math.ceil(words.length / 2);
  return [words.slice(0, middle), words.slice(middle)].flatMap((half) => withinLimit(half.join(" "), tokens));
}
