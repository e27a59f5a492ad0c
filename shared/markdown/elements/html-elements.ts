import {
  attribute,
  descendant,
  hasClass,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { lastSegment } from "./storage-links.ts";
import { convertTable } from "./convert-table.ts";
import { convertNumberedList } from "./numbered-list.ts";
import { convertDescriptions, convertDetails } from "./titled-html.ts";

type Convert = (element: MarkupElement, target: PlainElement, build: PlainTreeBuilder) => void;

const SPANS = new Map<string, string>(
  Object.entries({
    b: "STRONG",
    strong: "STRONG",
    i: "EM",
    em: "EM",
    cite: "EM",
    dfn: "EM",
    var: "EM",
    s: "DEL",
    strike: "DEL",
    del: "DEL",
    tt: "CODE",
    kbd: "CODE",
    samp: "CODE",
  }),
);

const BLOCKS = new Map<string, string>(
  Object.entries({
    p: "P",
    h1: "H1",
    h2: "H2",
    h3: "H3",
    h4: "H4",
    h5: "H5",
    h6: "H6",
    ul: "UL",
    menu: "UL",
    dir: "UL",
    li: "LI",
    blockquote: "BLOCKQUOTE",
    dt: "DT",
    sup: "SUP",
    sub: "SUB",
  }),
);
for (const name of (
  "address article aside body center dd dialog div fieldset figcaption figure footer form header hgroup html " +
  "legend main nav noscript object optgroup option output section select svg text textarea title video audio canvas p-block"
).split(" ")) {
  BLOCKS.set(name, "DIV");
}

/** Elements that HTML never shows as text. */
const HIDDEN = new Set([
  "script",
  "style",
  "head",
  "meta",
  "link",
  "template",
  "col",
  "colgroup",
  "param",
  "source",
  "track",
  "area",
  "map",
  "wbr",
]);

const CONVERT = new Map<string, Convert>(
  Object.entries({
    br: (_element, target, build) => build.lineBreak(target),
    hr: (_element, target) => target.append(new PlainElement("HR")),
    a: convertAnchor,
    img: convertImage,
    code: convertCode,
    pre: (element, target, build) => build.preformatted(element, "", target),
    ol: convertNumberedList,
    details: convertDetails,
    dl: convertDescriptions,
    table: convertTable,
    time: (element, target, build) => {
      if (textOf(element).trim() === "") build.text(attribute(element, "datetime"), target);
      else build.append(element.children, target);
    },
    summary: (element, target, build) => {
      const isHeading = descendant(element, ({ name }) => /^h[1-6]$/.test(name)) !== undefined;
      if (isHeading) build.append(element.children, target);
      else build.span("STRONG", element.children, build.element("P", [], target));
    },
    input: (element, target, build) => {
      if (attribute(element, "type").toLowerCase() !== "checkbox") return;
      build.text(element.attributes.has("checked") ? "☑ " : "☐ ", target);
    },
    iframe: convertEmbedded,
    embed: convertEmbedded,
    math: convertMath,
  }),
);

/** Converts an element of HTML; an unknown one is replaced by its content. */
export function convertHtmlElement(
  element: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const { name } = element;
  const block = BLOCKS.get(name);
  if (block) {
    build.element(block, element.children, target);
    return;
  }
  const span = SPANS.get(name);
  if (span) {
    build.span(span, element.children, target);
    return;
  }
  if (HIDDEN.has(name)) return;
  const convert = CONVERT.get(name);
  if (convert) convert(element, target, build);
  else build.append(element.children, target);
}

function convertAnchor(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const href = attribute(element, "href").trim();
  build.link(href === "" ? null : build.resolver.absoluteUrl(href), element.children, target);
}

function convertCode(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  if (descendant(element, (inner) => inner.name === "pre")) build.append(element.children, target);
  else build.span("CODE", element.children, target);
}

function convertImage(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  // Icons of Jira's issue types beside an issue's key: without a text they have no meaning.
  if (hasClass(element, "icon") && !attribute(element, "alt") && !attribute(element, "title")) return;
  const fileName = attribute(element, "data-linked-resource-default-alias");
  const source = attribute(element, "data-image-src") || attribute(element, "src");
  const alt = attribute(element, "alt") || attribute(element, "title") || fileName || lastSegment(source);
  if (source.startsWith("data:") || source === "") {
    if (attribute(element, "alt")) build.image("", alt, target);
    return;
  }
  build.image(build.resolver.absoluteUrl(withoutCacheQuery(source)), alt, target);
}

/** An attachment's URL without its version parameters: pages would change with them. */
function withoutCacheQuery(source: string): string {
  const query = source.indexOf("?");
  if (query === -1 || !/\/download\/(attachments|thumbnails)\//.test(source)) return source;
  return source.slice(0, query);
}

function convertEmbedded(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const source = attribute(element, "src");
  if (source) build.link(build.resolver.absoluteUrl(source), [attribute(element, "title") || source], target);
  build.append(element.children, target);
}

/** MathML: its TeX source if present, else its text. */
function convertMath(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const tex = descendant(
    element,
    (inner) => inner.name === "annotation" && attribute(inner, "encoding") === "application/x-tex",
  );
  if (tex) build.span("CODE", [textOf(tex).trim()], target);
  else build.append(element.children, target);
}
