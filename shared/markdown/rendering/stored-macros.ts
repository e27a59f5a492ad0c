import { extensionNeedsRendering } from "#shared/markdown/elements/adf-extension.ts";
import { needsRenderedBody } from "#shared/markdown/elements/convert-macro.ts";
import {
  attribute,
  child,
  descendant,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";

/** A macro of a stored body whose content is only in the rendered body. */
export type StoredMacro = {
  element: MarkupElement;
  /** In lower case; empty for extensions of the new editor. */
  name: string;
  /** Possible marks of its rendering. */
  ids: readonly string[];
  /** It is in a paragraph (or similar) that has its own words. */
  isInText: boolean;
};

const TEXT_BLOCK = /^(?:p|li|td|th|h[1-6]|dt|dd|blockquote|ac:task-body|ac:link-body)$/;

/** Whether the content of a macro (or an app's extension) is missing from the storage. */
export function needsRendering(element: MarkupElement): boolean {
  if (element.name === "ac:adf-extension") return extensionNeedsRendering(element);
  return isMacro(element) && needsRenderedBody(element);
}

/** Macros to be rendered, in order, not nested; `others` gets the ids of those that show only stored content. */
export function storedMacros(root: MarkupElement, others: Set<string>): StoredMacro[] {
  const found: StoredMacro[] = [];
  const visit = (element: MarkupElement, block: { hasWords: boolean }): void => {
    for (const node of element.children) {
      if (typeof node === "string") continue;
      if (needsRendering(node)) {
        const { hasWords } = block;
        found.push({ element: node, name: nameOf(node), ids: idsOf(node), isInText: hasWords });
        continue;
      }
      if (isMacro(node) && !child(node, "ac:rich-text-body")) for (const id of idsOf(node)) others.add(id);
      const isBlock = TEXT_BLOCK.test(node.name);
      visit(node, isBlock ? { hasWords: hasOwnWords(node) } : block);
    }
  };
  visit(root, { hasWords: false });
  return found;
}

/** Whether a block has words outside of macros and of blocks inside it. */
function hasOwnWords(element: MarkupElement): boolean {
  return element.children.some((node) => {
    if (typeof node === "string") return /[\p{L}\p{N}]/u.test(node);
    return (
      !TEXT_BLOCK.test(node.name) && !isMacro(node) && !node.name.startsWith("ac:adf") && hasOwnWords(node)
    );
  });
}

function isMacro({ name }: MarkupElement): boolean {
  return name === "ac:structured-macro" || name === "ac:macro";
}

function nameOf(macro: MarkupElement): string {
  return attribute(macro, "ac:name").toLowerCase();
}

function idsOf(macro: MarkupElement): string[] {
  const key = nameOf(macro).startsWith("jira")
    ? descendant(macro, (inner) => inner.name === "ac:parameter" && attribute(inner, "ac:name") === "key")
    : undefined;
  const local =
    macro.name === "ac:adf-extension"
      ? descendant(macro, (inner) => attribute(inner, "key") === "local-id")
      : undefined;
  const ids = [attribute(macro, "ac:macro-id"), attribute(macro, "ac:local-id")];
  for (const element of [local, key]) if (element) ids.push(textOf(element).trim());
  return ids.filter((id) => id !== "");
}
