import type { MarkupNode } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";

/** GFM's alert kinds. */
export type PanelKind = "NOTE" | "TIP" | "IMPORTANT" | "WARNING" | "CAUTION";

/** Adds a panel: a GFM alert, or a quote when it has no kind; its title in bold above its content. */
export function appendPanel(
  kind: PanelKind | null,
  title: string,
  content: readonly MarkupNode[],
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const quote = build.element("BLOCKQUOTE", [], target, kind ? { alert: kind } : {});
  build.titleParagraph(title, quote);
  build.append(content, quote);
}
