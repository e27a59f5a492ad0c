import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Embedder } from "#shared/embeddings/embedder.ts";

/** Texts embedded before they are kept: a run that is ended loses no more. */
const TEXTS_AT_A_TIME = 64;

/**
 * Vectors of these texts by a real model, in order. Each is kept in the system's temporary folder under the hash of its text:
 * the model needs minutes for thousands, and a bench is run more than once.
 */
export async function realVectors(embedder: Embedder, texts: readonly string[]): Promise<Float32Array[]> {
  const folder = join(tmpdir(), "confluence-rag-sync-bench", hashOf(embedder.model));
  await mkdir(folder, { recursive: true });
  const fileOf = (text: string) => join(folder, `${hashOf(text)}.f32`);
  const vectors = new Map<string, Float32Array>();
  for (const text of new Set(texts)) {
    const kept = await readFile(fileOf(text)).catch(() => null);
    if (kept?.length === embedder.dimensions * 4) vectors.set(text, numbersOf(kept));
  }
  const missing = [...new Set(texts)].filter((text) => !vectors.has(text));
  for (let start = 0; start < missing.length; start += TEXTS_AT_A_TIME) {
    const batch = missing.slice(start, start + TEXTS_AT_A_TIME);
    for (const [index, vector] of (await embedder.embed(batch)).entries()) {
      const text = batch[index] ?? "";
      vectors.set(text, Float32Array.from(vector));
      await keep(fileOf(text), Float32Array.from(vector));
    }
  }
  return texts.map((text) => vectors.get(text) ?? new Float32Array());
}

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 32);

const numbersOf = (bytes: Buffer) =>
  new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));

/** By renaming, so that no reader ever finds half a vector. */
async function keep(file: string, vector: Float32Array): Promise<void> {
  const part = `${file}.${process.pid}`;
  await writeFile(part, Buffer.from(vector.buffer));
  await rename(part, file);
}
