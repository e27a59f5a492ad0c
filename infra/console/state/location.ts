import { signal } from "@preact/signals";
import { hashOf, parseHash, type Place } from "./router.ts";

/** Where the console is, as the address bar says. */
export const place = signal<Place>(parseHash(location.hash));

addEventListener("hashchange", () => {
  place.value = parseHash(location.hash);
});

export function navigate(hash: string): void {
  location.hash = hash;
}

/** Changes query parameters of this place; null removes one. A filter typed letter by letter replaces, a choice adds to the history. */
export function setQuery(changes: Record<string, string | null>, { replace = false } = {}): void {
  const [path = ""] = location.hash.replace(/^#/, "").split("?");
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const hash = hashOf(parts, { ...place.value.query, ...changes });
  if (!replace) return navigate(hash);
  history.replaceState(null, "", hash);
  place.value = parseHash(hash);
}
