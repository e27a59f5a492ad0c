import type { MarkupNode } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";

/** GFM's alert kinds. */
export type AlertKind = "NOTE" | "TIP" | "IMPORTANT" | "WARNING" | "CAUTION";

/** GFM's alerts by the type names of boxes; the macros `info`, `note`, … are in macro-rules.ts. */
const ALERT_KINDS = new Map<string, AlertKind>(
  Object.entries({
    info: "NOTE",
    information: "NOTE",
    note: "IMPORTANT",
    important: "IMPORTANT",
    success: "TIP",
    tip: "TIP",
    hint: "TIP",
    confirmation: "TIP",
    warning: "WARNING",
    attention: "WARNING",
    alert: "WARNING",
    error: "CAUTION",
    danger: "CAUTION",
    caution: "CAUTION",
    critical: "CAUTION",
  }),
);

/** The alert kind of a box of this type; null for an unknown type. */
export function alertKind(type: string): AlertKind | null {
  return ALERT_KINDS.get(type.trim().toLowerCase()) ?? null;
}

/** Adds a panel: a GFM alert, or a quote if it has no kind; its title in bold above its content. */
export function appendPanel(
  panel: { kind: AlertKind | null; title: string; content: readonly MarkupNode[] },
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const quote = build.element("BLOCKQUOTE", [], target, panel.kind ? { alert: panel.kind } : {});
  build.titled(panel.title, quote, (part) => build.append(panel.content, part));
}
