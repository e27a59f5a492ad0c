import type { ChunkPlace, EmbeddedChunk } from "./page-to-store.ts";

/** A stored chunk row before the swap. */
export type StoredChunk = {
  id: string;
  chunkNumber: number;
  inputHash: string;
  headingPath: string[];
  /** As JSON with sorted keys; null: none. */
  place: ChunkPlace | null;
  /** Found with `_pending_deletion`, committed by a writer of another kind. */
  marked: boolean;
  /** Whether it has a vector of the swap's model. */
  embedded: boolean;
};

export type NewChunk = {
  chunkNumber: number;
  chunk: EmbeddedChunk;
  /** A stored row with the same input whose vector is copied if the chunk has none. */
  donorId: string | null;
};

export type KeptChunk = NewChunk & { id: string; stored: StoredChunk };

export type ChunkChanges = {
  kept: KeptChunk[];
  added: NewChunk[];
  staleIds: string[];
  /** Inputs without a vector, given or stored: they must be embedded first. */
  missingVectors: string[];
};

/**
 * Pairs new chunks with stored rows by input hash. A page may contain the same text twice, so each row is paired once; rows that
 * are unmarked, have a vector and keep their number are taken first.
 */
export function compareChunks(
  stored: readonly StoredChunk[],
  chunks: readonly EmbeddedChunk[],
): ChunkChanges {
  const free = new Map<string, StoredChunk[]>();
  const donors = new Map<string, string>();
  for (const row of [...stored].sort(byUsefulness)) {
    free.set(row.inputHash, [...(free.get(row.inputHash) ?? []), row]);
    if (row.embedded && !donors.has(row.inputHash)) donors.set(row.inputHash, row.id);
  }
  const changes: ChunkChanges = { kept: [], added: [], staleIds: [], missingVectors: [] };
  for (const [chunkNumber, chunk] of chunks.entries()) {
    const row = free.get(chunk.inputHash)?.shift();
    const donorId = chunk.embedding ? null : (donors.get(chunk.inputHash) ?? null);
    if (!chunk.embedding && !donorId) changes.missingVectors.push(chunk.inputHash);
    if (row) changes.kept.push({ id: row.id, chunkNumber, chunk, donorId, stored: row });
    else changes.added.push({ chunkNumber, chunk, donorId });
  }
  changes.staleIds = [...free.values()].flat().map((row) => row.id);
  return changes;
}

function byUsefulness(a: StoredChunk, b: StoredChunk): number {
  return (
    Number(a.marked) - Number(b.marked) ||
    Number(b.embedded) - Number(a.embedded) ||
    a.chunkNumber - b.chunkNumber
  );
}
