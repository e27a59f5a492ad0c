import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchTexts } from "#shared/embeddings/batch-texts.ts";

describe("batchTexts", () => {
  const limits = { maxTexts: 3, maxTokens: 10 };

  it("batchTexts keeps every text, in order, within both limits except for a single text that is too long by itself", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 20 }), (texts) => {
        const batches = batchTexts(texts, limits);
        expect(batches.flat()).toEqual(texts);
        for (const batch of batches) {
          const tokens = batch.reduce((sum, text) => sum + Math.ceil(text.length / 2.5), 0);
          expect(batch.length).toBeLessThanOrEqual(limits.maxTexts);
          expect(batch.length === 1 || tokens <= limits.maxTokens).toBe(true);
        }
      }),
    );
  });
});
