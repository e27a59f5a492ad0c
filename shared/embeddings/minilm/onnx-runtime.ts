import { readFile } from "node:fs/promises";
import type { InferenceSession, TensorConstructor } from "onnxruntime-web";

/** `native`: onnxruntime-node, some three times as fast. `wasm`: onnxruntime-web, which runs wherever Node runs. */
export type RuntimeName = "native" | "wasm";

export type LoadedModel = { session: InferenceSession; Tensor: TensorConstructor; runtime: RuntimeName };

/**
 * Loads an ONNX model for one thread. Without `runtime` the native one is taken where it is installed and works, else WebAssembly;
 * with it, that one or an error.
 */
export async function loadModel(file: URL, runtime?: RuntimeName): Promise<LoadedModel> {
  const bytes = await readFile(file);
  if (runtime === "wasm") return loadWasm(bytes);
  try {
    return await loadNative(bytes);
  } catch (error) {
    // An optional dependency: not installed, or no binary for this processor, C library or operating system.
    if (runtime === "native") throw error;
    return loadWasm(bytes);
  }
}

/** Each thread of the caller embeds by itself: more threads inside one would compete with them for the same cores. */
const SESSION = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" } as const;

async function loadNative(bytes: Uint8Array): Promise<LoadedModel> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(bytes, { ...SESSION, logSeverityLevel: 3 });
  return { session, Tensor, runtime: "native" };
}

async function loadWasm(bytes: Uint8Array): Promise<LoadedModel> {
  const { InferenceSession, Tensor, env } = await import("onnxruntime-web");
  env.wasm.numThreads = 1;
  env.logLevel = "error";
  const session = await InferenceSession.create(bytes, { ...SESSION, executionProviders: ["wasm"] });
  return { session, Tensor, runtime: "wasm" };
}
