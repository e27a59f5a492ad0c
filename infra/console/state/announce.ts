import { signal } from "@preact/signals";

/** What screen readers are told. */
export const announcement = signal("");

const PROGRESS_EVERY_MS = 10_000;
let lastProgressAt = -PROGRESS_EVERY_MS;

/** The result of what the person did: said at once. */
export function announce(text: string): void {
  announcement.value = text;
}

/** What goes on by itself: said at most once in ten seconds. */
export function announceProgress(text: string): void {
  const at = performance.now();
  if (at - lastProgressAt < PROGRESS_EVERY_MS || announcement.value === text) return;
  lastProgressAt = at;
  announcement.value = text;
}
