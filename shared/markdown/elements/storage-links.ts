import {
  attribute,
  child,
  type MarkupElement,
  type MarkupNode,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import { visibleText } from "#shared/markdown/parse/visible-text.ts";
import { marksPlace } from "./macro.ts";
import type { NamedPage, ReferenceResolver } from "#shared/markdown/page-content.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { emoticonOfImage } from "./emoticons.ts";

/** The target of a link or image, and the text to show if it has none. */
export type Reference = { href: string | null; text: string };

/** The person's id in a `ri:user`: account id (Cloud), user key or user name (Data Center). */
export function userId(user: MarkupElement): string {
  return attribute(user, "ri:account-id") || attribute(user, "ri:userkey") || attribute(user, "ri:username");
}

/** What a `ri:page` or `ri:blog-post` names. */
export function kindOfResource({ name }: MarkupElement): NamedPage["kind"] {
  return name === "ri:blog-post" ? "blogpost" : "page";
}

/** A mention as text: `@Name`. */
export function personName(user: MarkupElement, resolver: ReferenceResolver): string {
  const name = resolver.userName(userId(user)) ?? attribute(user, "ri:username");
  return `@${name || "user"}`;
}

/** Finds and resolves the `ri:*` child of a link, image or parameter. */
export function resolveReference(
  element: MarkupElement,
  anchor: string | null,
  build: PlainTreeBuilder,
): Reference | null {
  for (const node of element.children) {
    if (typeof node === "string" || !node.name.startsWith("ri:")) continue;
    const { href, text } = resolveResource(node, anchor, build);
    return { href, text: visibleText(text) };
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
      const kind = kindOfResource(resource);
      return { href: resolver.pageUrl({ kind, title, spaceKey, anchor }), text: title };
    }
    case "ri:attachment": {
      const page = child(resource, "ri:page") ?? child(resource, "ri:blog-post");
      const fileName = attribute(resource, "ri:filename");
      const href = resolver.attachmentUrl({
        fileName,
        pageTitle: page ? attribute(page, "ri:content-title") : null,
        spaceKey: page ? attribute(page, "ri:space-key") || null : null,
      });
      return { href, text: fileName };
    }
    case "ri:user": {
      return { href: null, text: personName(resource, resolver) };
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

/** The body of a link: rich, plain, or (in broken pages) its content besides the resource. */
function linkBody(element: MarkupElement): readonly MarkupNode[] {
  const rich = child(element, "ac:link-body");
  if (rich && rich.children.some(showsSomething)) return rich.children;
  const plain = child(element, "ac:plain-text-link-body");
  if (plain) return textOf(plain).trim() === "" ? [] : [textOf(plain)];
  return element.children.filter(
    (node) =>
      node !== rich && showsSomething(node) && (typeof node === "string" || !node.name.startsWith("ri:")),
  );
}

/** Whether a node of a link's body is more than white space: a link with an empty body shows its target. */
export function showsSomething(node: MarkupNode): boolean {
  if (typeof node === "string") return node.trim() !== "";
  if (node.name === "ac:parameter" || node.name === "ac:plain-text-link-body") return false;
  if (/^ac:(structured-)?macro$/.test(node.name) && !child(node, "ac:rich-text-body"))
    return !marksPlace(node);
  return /^(img|time|ac:(image|emoticon|link))$/.test(node.name) || node.children.some(showsSomething);
}

/** The file name in a URL. */
export function lastSegment(address: string): string {
  const path = address.split(/[?#]/, 1)[0] ?? "";
  return path.slice(path.lastIndexOf("/") + 1);
}

export function convertImage(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const emoji = emoticonOfImage(element);
  if (emoji !== null) {
    build.text(emoji, target);
    return;
  }
  const reference = resolveReference(element, null, build);
  const name = child(element, "ri:url") ? lastSegment(reference?.text ?? "") : reference?.text;
  const alt = attribute(element, "ac:alt") || attribute(element, "ac:title") || name || "image";
  build.image(reference?.href ?? encodeURIComponent(reference?.text ?? ""), alt, target);
  const caption = child(element, "ac:caption");
  if (caption) build.span("EM", caption.children, build.element("P", [], target));
}
