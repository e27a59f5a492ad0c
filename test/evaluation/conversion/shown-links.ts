import { find, textOf, type Tree, tree } from "./page-tree.ts";
import { evaluationResolver } from "./resolver.ts";

type Shown = (node: Tree | string) => (Tree | string)[];

/** A link of the storage format as HTML. */
export function shownLink(link: Tree, shown: Shown): Tree {
  const body = find(link, "ac:link-body") ?? find(link, "ac:plain-text-link-body");
  const anchor = link.attributes["ac:anchor"] ?? null;
  const resource = link.children.find((c): c is Tree => typeof c !== "string" && c.name.startsWith("ri:"));
  const { href, text } = target(resource, anchor);
  const own = body ? body.children.flatMap(shown) : [];
  const isShown = body && (own.map(textOf).join("").trim() !== "" || showsPicture(body));
  const content = isShown ? own : [text];
  return href ? tree("a", content, { href }) : tree("span", content);
}

function target(resource: Tree | undefined, anchor: string | null): { href: string | null; text: string } {
  const a = resource?.attributes ?? {};
  const spaceKey = a["ri:space-key"] ?? null;
  switch (resource?.name) {
    case "ri:page":
    case "ri:blog-post": {
      const title = a["ri:content-title"] ?? "";
      return { href: evaluationResolver.pageUrl({ kind: "page", title, spaceKey, anchor }), text: title };
    }
    case "ri:attachment": {
      const fileName = a["ri:filename"] ?? "";
      return {
        href: evaluationResolver.attachmentUrl({ fileName, pageTitle: null, spaceKey }),
        text: fileName,
      };
    }
    case "ri:user": {
      const id = a["ri:account-id"] ?? a["ri:userkey"] ?? a["ri:username"] ?? "";
      return { href: null, text: `@${evaluationResolver.userName(id)}` };
    }
    case "ri:url":
      return { href: a["ri:value"] ?? "", text: a["ri:value"] ?? "" };
    case "ri:space":
      return { href: `/display/${spaceKey}`, text: spaceKey ?? "" };
    case undefined:
      return anchor ? { href: `#${anchor}`, text: anchor } : { href: null, text: "" };
    default:
      return { href: null, text: "" };
  }
}

function showsPicture(node: Tree): boolean {
  return node.children.some(
    (c) => typeof c !== "string" && (/^(img|ac:(image|emoticon))$/.test(c.name) || showsPicture(c)),
  );
}
