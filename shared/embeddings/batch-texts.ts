/** Characters a token, taken low: code and languages other than English have fewer than the usual four. */
const CHARACTERS_PER_TOKEN = 2.5;

/** Splits texts, in order, so that no batch has more than `maxTexts` texts or (estimated) `maxTokens` tokens, but one text. */
export function batchTexts(
  texts: readonly string[],
  limits: { maxTexts: number; maxTokens: number },
): string[][] {
  const batches: string[][] = [];
  let tokens = 0;
  for (const text of texts) {
    const estimate = Math.ceil(text.length / CHARACTERS_PER_TOKEN);
    const last = batches.at(-1);
    if (last && last.length < limits.maxTexts && tokens + estimate <= limits.maxTokens) {
      last.push(text);
      tokens += estimate;
    } else {
      batches.push([text]);
      tokens = estimate;
    }
  }
  return batches;
}
