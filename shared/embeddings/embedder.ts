/**
 * `purpose`: some models embed queries otherwise than the documents that are searched. `onTokens`: called with the tokens that
 * the provider says it counted, as often as it responds; never by one that does not say. `onVectors`: called with vectors as they
 * arrive, `first` being the position of their first text, so that a call that fails later loses none; an embedder may leave it out.
 */
export type EmbedOptions = {
  signal?: AbortSignal | undefined;
  purpose?: "document" | "query" | undefined;
  onTokens?: ((tokens: number) => void) | undefined;
  onVectors?: ((first: number, vectors: readonly number[][]) => void) | undefined;
};

/**
 * Turns texts into vectors. `embed` returns one vector a text, in order, each of `dimensions` numbers, or throws
 * (`RateLimitedError`, `TransientError`, `PermanentError`): never fewer vectors than texts.
 */
export type Embedder = {
  /** Stored beside each vector: two models are never compared with each other. */
  model: string;
  dimensions: number;
  embed(texts: readonly string[], options?: EmbedOptions): Promise<number[][]>;
  /** As many texts as one call should have, if more only wait for each other and for those of other callers; absent: hundreds. */
  textsPerCall?: number;
  /** False: chunks are embedded with their page's title and without the headings above them. Absent: with them. */
  inputHeadings?: boolean;
  /** The model that this deployment is leaving, for sources that have not switched yet. */
  previous?: Embedder;
};

/** The embedder of `model`: this one or the one before it; null where this deployment has none of that model. */
export function embedderFor(embedder: Embedder, model: string): Embedder | null {
  for (let candidate: Embedder | undefined = embedder; candidate; candidate = candidate.previous) {
    if (candidate.model === model) return candidate;
  }
  return null;
}
