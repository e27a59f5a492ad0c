import { parentPort, workerData } from "node:worker_threads";
import { loadSentenceEncoder } from "./minilm/sentence-encoder.ts";
import type { RuntimeName } from "./minilm/onnx-runtime.ts";

// The thread behind local-embedder.ts: a text in, a vector out, one at a time.
const encoder = loadSentenceEncoder((workerData as { runtime?: RuntimeName }).runtime);

parentPort?.on("message", ({ id, text }: { id: number; text: string }) => {
  void encoder
    .then((loaded) => loaded.encode(text))
    .then(
      (vector) => parentPort?.postMessage({ id, vector }),
      (error: unknown) =>
        parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
    );
});
