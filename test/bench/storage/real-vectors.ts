import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Embedder } from "#shared/embeddings/embedder.ts";

/**
 * Vectors of these texts by a real model, kept in the system's temporary folder: the model needs minutes for thousands of
 * texts, and a bench is run more than once.
 */
export async function realVectors(embedder: Embedder, texts: readonly string[]): Promise<Float32Array[]> {
  const digest = createHash("sha256")
    .update(JSON.stringify([embedder.model, texts]))
    .digest("hex")
    .slice(0, 16);
  const file = join(tmpdir(), "confluence-rag-sync-bench", `${digest}.f32`);
  const cached = await readFile(file).catch(() => null);
  const size = embedder.dimensions * 4;
  if (cached?.length === texts.length * size) {
    const numbers = new Float32Array(
      cached.buffer.slice(cached.byteOffset, cached.byteOffset + cached.length),
    );
    return texts.map((_, index) =>
      numbers.subarray(index * embedder.dimensions, (index + 1) * embedder.dimensions),
    );
  }
  const vectors = (await embedder.embed(texts)).map((vector) => Float32Array.from(vector));
  await mkdir(join(tmpdir(), "confluence-rag-sync-bench"), { recursive: true });
  await writeFile(`${file}.part`, Buffer.concat(vectors.map((vector) => Buffer.from(vector.buffer))));
  await rename(`${file}.part`, file);
  return vectors;
}
