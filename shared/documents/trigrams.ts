/** The share of three-letter sequences that two words have in common, 0 to 1, as pg_trgm's `similarity` counts them. */
export function trigramSimilarity(a: string, b: string): number {
  const [first, second] = [trigramsOf(a), trigramsOf(b)];
  const common = [...first].filter((trigram) => second.has(trigram)).length;
  return common / (first.size + second.size - common);
}

function trigramsOf(word: string): Set<string> {
  const letters = `  ${word.toLowerCase()} `;
  return new Set(Array.from({ length: letters.length - 2 }, (_, start) => letters.slice(start, start + 3)));
}
