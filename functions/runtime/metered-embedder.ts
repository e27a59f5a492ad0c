import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { tokenPriceOf } from "#shared/embeddings/token-prices.ts";
import type { Log } from "#shared/log.ts";

const MILLION = 1_000_000;

/**
 * The embedder, with a log line for each call that says what it cost: tokens as the provider counted them, or estimated where it
 * does not say, which `onTokens` is told either way, and dollars where the price of the model is known (`dollarsPerMillionTokens` overrides the list). A call that
 * failed halfway has cost what was returned until then.
 */
export function meterEmbedder(
  embedder: Embedder,
  log: Log,
  dollarsPerMillionTokens: number | undefined = tokenPriceOf(embedder.model),
): Embedder {
  return {
    ...embedder,
    embed: async (texts, options = {}) => {
      let tokens = 0;
      const report = () => {
        if (tokens === 0) return;
        log.info("embeddings.created", {
          model: embedder.model,
          purpose: options.purpose ?? "document",
          texts: texts.length,
          embedding_tokens: tokens,
          ...(dollarsPerMillionTokens === undefined
            ? {}
            : { embedding_dollars: (tokens * dollarsPerMillionTokens) / MILLION }),
        });
      };
      const onTokens = (counted: number) => {
        tokens += counted;
        options.onTokens?.(counted);
      };
      try {
        const vectors = await embedder.embed(texts, { ...options, onTokens });
        if (tokens === 0) onTokens(texts.reduce((sum, text) => sum + Math.ceil(estimateTokens(text)), 0));
        return vectors;
      } finally {
        report();
      }
    },
  };
}
