import type { Variables } from "#infra/local/runner/runner-env.ts";
import type { Services } from "#functions/runtime/services.ts";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import { startPart } from "./part.ts";

export const MODELS = ["instant", "native", "wasm"] as const;
export type Model = (typeof MODELS)[number];

/** What embeds in a sync, as the runner takes it; `counts` so far. */
export type Vectors = {
  env: Variables;
  services: Partial<Services>;
  /** Null where it embeds in the service's own process. */
  cpuMs: () => Promise<number | null>;
  counts: () => Promise<{ requests: number; texts: number }>;
  stop: () => Promise<void>;
};

/** `instant`: a server in a process of its own that replies at once. Else the local model by this runtime, as `npm start` embeds. */
export async function startVectors(model: Model, dimensions: number): Promise<Vectors> {
  return model === "instant" ? instantVectors(dimensions) : localVectors(model);
}

async function instantVectors(dimensions: number): Promise<Vectors> {
  const server = await startPart(new URL("./serve-vectors.ts", import.meta.url), [String(dimensions)]);
  return {
    env: {
      EMBEDDINGS: "openai",
      EMBEDDINGS_URL: server.url,
      EMBEDDINGS_MODEL: "hashed",
      EMBEDDINGS_DIMENSIONS: String(dimensions),
    },
    services: {},
    cpuMs: async () => (await server.report()).cpuMs,
    counts: async () => {
      const { requests = 0, texts = 0 } = (await server.report()).counts;
      return { requests, texts };
    },
    stop: server.stop,
  };
}

function localVectors(runtime: Exclude<Model, "instant">): Vectors {
  const embedder = localEmbedder({ runtime });
  const counts = { requests: 0, texts: 0 };
  return {
    env: { EMBEDDINGS: "local" },
    services: {
      embedder: {
        ...embedder,
        embed: async (texts, options) => {
          counts.requests += 1;
          counts.texts += texts.length;
          return embedder.embed(texts, options);
        },
      },
    },
    cpuMs: async () => null,
    counts: async () => ({ ...counts }),
    stop: async () => {},
  };
}
