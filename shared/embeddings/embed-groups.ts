import { PermanentError, TransientError } from "#shared/errors.ts";
import { checkVector } from "./embed-checked.ts";
import type { EmbedOptions, Embedder } from "./embedder.ts";

/** The vectors of a group's texts, in order, or why it has none. */
export type EmbeddedGroup = { vectors: number[][] } | { error: unknown };

/** Refusals (HTTP) that may be due to one of the texts; others concern the key, the model or the account. */
const TEXT_STATUSES = new Set<unknown>([undefined, 400, 413, 422]);

/**
 * Embeds the texts of several groups (pages) in as few requests as the provider takes, and checks each vector as `embedChecked`
 * does; one result a group. If the provider refuses a request for good, its groups are requested in halves until only those with a
 * refused text are left. Any other failure is that of every group that lacks a vector by then. A vector that has arrived is not
 * requested again. Never rejects; `signal` ends the waiting too.
 */
export async function embedGroups(
  embedder: Embedder,
  groups: readonly (readonly string[])[],
  options: Pick<EmbedOptions, "signal" | "onTokens"> = {},
): Promise<EmbeddedGroup[]> {
  const slots = groups.map((texts) => texts.map((text): Slot => ({ text, vector: null })));
  const errors = new Map<number, unknown>();
  const requests = [[...groups.keys()]];
  let failure: { error: unknown } | null = null;
  for (let request = requests.shift(); request; request = requests.shift()) {
    const lacking = () => request.filter((group) => slots[group]?.some(({ vector }) => vector === null));
    failure ??= await embedInto(
      lacking().flatMap((group) => slots[group] ?? []),
      embedder,
      options,
    );
    const open = lacking();
    if (failure && open.length > 1 && isAboutTexts(failure.error)) {
      const half = Math.ceil(open.length / 2);
      requests.unshift(open.slice(0, half), open.slice(half));
      failure = null;
      continue;
    }
    for (const group of open) errors.set(group, failure?.error);
    if (failure && isAboutTexts(failure.error)) failure = null;
  }
  return slots.map((own, group) => {
    if (errors.has(group)) return { error: errors.get(group) };
    return checked(
      embedder,
      own.map(({ vector }) => vector ?? []),
    );
  });
}

/** A text and its vector, once it has arrived. */
type Slot = { text: string; vector: number[] | null };

/** Embeds the texts without a vector; returns the failure, if any. */
async function embedInto(
  slots: readonly Slot[],
  embedder: Embedder,
  { signal, onTokens }: Pick<EmbedOptions, "signal" | "onTokens">,
): Promise<{ error: unknown } | null> {
  const wanted = slots.filter(({ vector }) => vector === null);
  if (wanted.length === 0) return null;
  const onVectors = (first: number, vectors: readonly number[][]) => {
    for (const [index, vector] of vectors.entries()) {
      const slot = wanted[first + index];
      if (slot) slot.vector = vector;
    }
  };
  try {
    const texts = wanted.map(({ text }) => text);
    const vectors = await inTime(embedder.embed(texts, { signal, onVectors, onTokens }), signal);
    if (vectors.length !== texts.length)
      throw new TransientError(
        "embedding_count_mismatch",
        `${embedder.model} returned ${vectors.length} vectors for ${texts.length} texts`,
      );
    onVectors(0, vectors);
    return null;
  } catch (error) {
    return { error };
  }
}

function isAboutTexts(error: unknown): boolean {
  return error instanceof PermanentError && TEXT_STATUSES.has(error.details?.status);
}

function checked(embedder: Embedder, vectors: number[][]): EmbeddedGroup {
  try {
    for (const [index, vector] of vectors.entries()) checkVector(embedder, vector, index);
    return { vectors };
  } catch (error) {
    return { error };
  }
}

/** Rejects when `signal` does: a model in this process may not look at it before it is done. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const late = Promise.withResolvers<never>();
  const stop = () =>
    late.reject(new TransientError("embedding_unreachable", "The embedding model did not reply in time"));
  work.catch(() => {});
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
