import { attribute, child, type MarkupElement, type MarkupNode, textOf } from "./markup-tree.ts";
import type { PlainTreeBuilder } from "./plain-tree-builder.ts";
import type { PlainElement } from "./plain-tree.ts";
import { emoticonOfImage } from "./emoticons.ts";

/** What a link or image refers to, and the text to show when it brings none of its own. */
export type Reference = { href: string | null; text: string; isPerson?: boolean };

/** The person's id in a `ri:user`: account id (Cloud), user key or user name (Data Center). */
export function userId(user: MarkupElement): string {
  return attribute(user, "ri:account-id") || attribute(user, "ri:userkey") || attribute(user, "ri:username");
}

/** Finds the `ri:*` child that a link, image or parameter points with, and resolves it. */
export function resolveReference(
  element: MarkupElement,
  anchor: string | null,
  build: PlainTreeBuilder,
): Reference | null {
  for (const node of element.children) {
    if (typeof node === "string" || !node.name.startsWith("ri:")) continue;
    return resolveResource(node, anchor, build);
  }
  return anchor ? { href: build.resolver.absoluteUrl(`#${anchor}`), text: anchor } : null;
}

function resolveResource(resource: MarkupElement, anchor: string | null, build: PlainTreeBuilder): Reference {
  const { resolver } = build;
  const spaceKey = attribute(resource, "ri:space-key") || null;
  switch (resource.name) {
    case "ri:page":
    case "ri:blog-post": {
      const title = attribute(resource, "ri:content-title");
      return { href: resolver.pageUrl({ title, spaceKey, anchor }), text: title };
    }
    case "ri:attachment": {
      const page = child(resource, "ri:page");
      const fileName = attribute(resource, "ri:filename");
      const href = resolver.attachmentUrl({
        fileName,
        pageTitle: page ? attribute(page, "ri:content-title") : null,
        spaceKey: page ? attribute(page, "ri:space-key") || null : null,
      });
      return { href, text: fileName };
    }
    case "ri:user": {
      const id = userId(resource);
      const name = resolver.userName(id) ?? attribute(resource, "ri:username");
      return { href: null, text: `@${name || "user"}`, isPerson: true };
    }
    case "ri:url":
    case "ri:shortcut": {
      const value = attribute(resource, "ri:value") || attribute(resource, "ri:parameter");
      return { href: resource.name === "ri:url" ? resolver.absoluteUrl(value) : null, text: value };
    }
    case "ri:space": {
      return { href: spaceKey ? resolver.absoluteUrl(`/display/${spaceKey}`) : null, text: spaceKey ?? "" };
    }
    default: {
      const id = attribute(resource, "ri:content-id");
      const href = id
        ? resolver.absoluteUrl(`/pages/viewpage.action?pageId=${encodeURIComponent(id)}`)
        : null;
      return { href, text: "" };
    }
  }
}

export function convertLink(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const anchor = attribute(element, "ac:anchor") || null;
  const reference = resolveReference(element, anchor, build);
  const body = linkBody(element);
  if (reference === null) {
    build.append(body, target);
    return;
  }
  const shown: readonly MarkupNode[] = body.length > 0 ? body : [reference.text];
  build.link(reference.href, shown, target);
}

/** The body of a link: rich, plain, or (in broken pages) whatever lies in it beside the resource. */
function linkBody(element: MarkupElement): readonly MarkupNode[] {
  const rich = child(element, "ac:link-body");
  if (rich && !isEmpty(rich)) return rich.children;
  const plain = child(element, "ac:plain-text-link-body");
  if (plain) return textOf(plain).trim() === "" ? [] : [textOf(plain)];
  return element.children.filter(
    (node) => (typeof node === "string" ? node.trim() !== "" : !node.name.startsWith("ri:")) && node !== rich,
  );
}

function isEmpty(element: MarkupElement): boolean {
  return element.children.every((node) => typeof node === "string" && node.trim() === "");
}

export function convertImage(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const emoji = emoticonOfImage(element);
  if (emoji !== null) {
    build.text(emoji, target);
    return;
  }
  const reference = resolveReference(element, null, build);
  const alt = attribute(element, "ac:alt") || attribute(element, "ac:title") || reference?.text || "image";
  build.image(reference?.href ?? encodeURIComponent(reference?.text ?? ""), alt, target);
  const caption = child(element, "ac:caption");
  if (caption) build.span("EM", caption.children, build.element("P", [], target));
}
