type Entry = { etag: string; body: unknown };

/** Bodies by URL with their entity tags, for If-None-Match: a 304 returns the very object that was returned before. */
export type EtagCache = {
  tagOf: (url: string) => string | undefined;
  /** What a 304 stands for; undefined when it was dropped meanwhile. */
  bodyOf: (url: string) => unknown;
  keep: (url: string, etag: string, body: unknown) => void;
  clear: () => void;
};

/** Keeps the `size` last used. */
export function makeEtagCache(size = 60): EtagCache {
  const entries = new Map<string, Entry>();
  return {
    tagOf: (url) => entries.get(url)?.etag,
    bodyOf(url) {
      const entry = entries.get(url);
      if (entry) {
        entries.delete(url);
        entries.set(url, entry);
      }
      return entry?.body;
    },
    keep(url, etag, body) {
      entries.delete(url);
      entries.set(url, { etag, body });
      const [oldest] = entries.keys();
      if (entries.size > size && oldest !== undefined) entries.delete(oldest);
    },
    clear: () => entries.clear(),
  };
}
