import type { Embedder } from "#shared/embeddings/embedder.ts";
import { UserError } from "#shared/errors.ts";
import type { Env } from "#shared/env.ts";
import { meterEmbedder } from "#functions/runtime/metered-embedder.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";

/** Chosen by EMBEDDINGS; while sources switch models, EMBEDDINGS_PREVIOUS names the one that they leave. */
export const embedder: Provider<"embedder"> = {
  name: "embedder",
  build: async (env, log) => {
    const current = meterEmbedder(await makeEmbedder(env), log, env.EMBEDDINGS_TOKEN_PRICE);
    if (!env.EMBEDDINGS_PREVIOUS) return current;
    const before = await makeEmbedder({
      ...env,
      EMBEDDINGS: env.EMBEDDINGS_PREVIOUS,
      EMBEDDINGS_MODEL: env.EMBEDDINGS_PREVIOUS_MODEL,
      EMBEDDINGS_DIMENSIONS: env.EMBEDDINGS_PREVIOUS_DIMENSIONS,
    });
    const previous = meterEmbedder(before, log);
    return previous.model === current.model ? current : { ...current, previous };
  },
};

/** The models' own; any other model needs EMBEDDINGS_DIMENSIONS. */
const OPENAI_DIMENSIONS: Record<string, number> = {
  "text-embedding-3-small": 1536,
  "text-embedding-3-large": 3072,
  "text-embedding-ada-002": 1536,
};

/** What Titan v2 and Cohere v3 return by default; Cohere v4 accepts it as well. */
const BEDROCK_DIMENSIONS = 1024;

async function makeEmbedder(env: Env): Promise<Embedder> {
  // Dynamic imports, so that a bundle for AWS can leave the local model out.
  if (env.EMBEDDINGS === "local") {
    const { localEmbedder } = await import("#shared/embeddings/local-embedder.ts");
    return localEmbedder();
  }
  if (env.EMBEDDINGS === "openai") {
    const { openAiEmbedder } = await import("#shared/embeddings/openai-embedder.ts");
    const model = env.EMBEDDINGS_MODEL ?? "text-embedding-3-small";
    const own = OPENAI_DIMENSIONS[model];
    const dimensions = env.EMBEDDINGS_DIMENSIONS ?? own;
    if (!dimensions) {
      throw new UserError(
        500,
        "invalid_environment",
        `Set EMBEDDINGS_DIMENSIONS: the dimensions of ${model} are unknown`,
      );
    }
    const requestDimensions = own !== undefined && own !== dimensions;
    return openAiEmbedder({
      url: env.EMBEDDINGS_URL,
      apiKey: await readApiKey(env),
      readApiKey: async () => readApiKey(env),
      model,
      dimensions,
      requestDimensions,
    });
  }
  const { bedrockEmbedder } = await import("#shared/embeddings/bedrock-embedder.ts");
  const model = env.EMBEDDINGS_MODEL ?? "amazon.titan-embed-text-v2:0";
  const dimensions = env.EMBEDDINGS_DIMENSIONS ?? BEDROCK_DIMENSIONS;
  const fetch = makeSignedFetch({
    signingName: "bedrock",
    endpointPrefix: "bedrock-runtime",
    endpointVariable: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    retries: 0,
  });
  return bedrockEmbedder({ model, dimensions, fetch });
}

/** None is fine: servers on one's own machine ask for no key. */
async function readApiKey(env: Env): Promise<string | null> {
  if (env.EMBEDDINGS_API_KEY) return env.EMBEDDINGS_API_KEY;
  if (!env.EMBEDDINGS_SECRET_ARN) return null;
  const { readSecret } = await import("./secret.ts");
  return readSecret(env.EMBEDDINGS_SECRET_ARN);
}
