import { expect, it } from "vitest";
import { tokenPriceOf } from "#shared/embeddings/token-prices.ts";

it.each([
  ["text-embedding-3-small", 0.02],
  ["text-embedding-3-small@512", 0.02],
  ["amazon.titan-embed-text-v2:0@1024", 0.02],
  ["text-embedding-3-large@3072", 0.13],
  ["a-model-of-our-own@1024", undefined],
])("%s costs %s dollars per million tokens", (model, dollars) => {
  expect(tokenPriceOf(model)).toBe(dollars);
});
