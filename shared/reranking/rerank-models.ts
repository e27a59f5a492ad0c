/** Bedrock's reranking models (Bedrock user guide, rerank-supported); the first is the default. Not every region has each. */
export const RERANK_MODELS = ["cohere.rerank-v3-5:0", "amazon.rerank-v1:0"] as const;
