/**
 * Dollars a million tokens, by the provider's name of the model: list prices (us-east-1 for Bedrock, as noted in late 2025). The
 * embedding cost that functions report and the cost model (infra/scale) both rest on them.
 */
const tokenPrices: Record<string, number> = {
  // The embedded model costs nothing but time.
  "all-minilm-l6-v2-int8": 0,
  "amazon.titan-embed-text-v2:0": 0.02,
  "cohere.embed-english-v3": 0.1,
  "cohere.embed-multilingual-v3": 0.1,
  "cohere.embed-v4:0": 0.12,
  "text-embedding-3-small": 0.02,
  "text-embedding-3-large": 0.13,
  "text-embedding-ada-002": 0.1,
};

/** The price of a model, named as the provider does or as an embedder does (`name@dimensions`); undefined when unknown. */
export function tokenPriceOf(model: string): number | undefined {
  return tokenPrices[model.replace(/@\d+$/, "")];
}
