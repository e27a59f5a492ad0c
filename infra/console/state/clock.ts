import { signal } from "@preact/signals";

/** The time that relative times are shown by; it advances each second while the tab is visible. */
export const now = signal(new Date());

setInterval(() => {
  if (document.visibilityState === "visible") now.value = new Date();
}, 1000);
