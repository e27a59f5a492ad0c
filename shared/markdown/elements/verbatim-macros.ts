import { inflateRawSync } from "node:zlib";
import {
  attribute,
  child,
  descendants,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import { parseMarkup } from "#shared/markdown/parse/parse-markup.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { codeLanguage } from "./code-language.ts";
import { attachmentLink, bodyText } from "./macro-content.ts";
import { type Macro, parameter } from "./macro.ts";

type Convert = (macro: Macro, target: PlainElement, build: PlainTreeBuilder) => void;

/** A block of code below its title, in the language of a parameter. */
export const code: Convert = (macro, target, build) => {
  const language = codeLanguage(parameter(macro, "language", "lang", ""));
  build.titled(parameter(macro, "title"), target, (part) => build.codeBlock(bodyText(macro), language, part));
};

export const noFormat: Convert = (macro, target, build) => {
  build.titled(parameter(macro, "title"), target, (part) => build.codeBlock(bodyText(macro), "", part));
};

/** The source of a diagram as code of one language, or a link to its attachment. */
export const diagram =
  (language: string): Convert =>
  (macro, target, build) => {
    const source =
      bodyText(macro) ||
      parameter(macro, "code", "source", "data-src") ||
      packedSource(parameter(macro, "data"), parameter(macro, "compressed") === "true");
    build.titled(parameter(macro, "title"), target, (part) => {
      if (source.trim() !== "") build.codeBlock(source, language, part);
      else attachmentLink(macro, part, build);
    });
  };

export const maths: Convert = (macro, target, build) => {
  const formula = bodyText(macro) || parameter(macro, "body", "latex", "");
  if (formula.trim() === "") return;
  if (/inline/.test(macro.name)) build.span("CODE", [formula.trim()], target);
  else build.codeBlock(formula, "latex", target);
};

/** Markdown that is part of the page unchanged. */
export const markdown: Convert = (macro, target, build) => build.markdown(bodyText(macro), target);

/** The longest source of a diagram: a compressed one could otherwise exhaust the memory. */
const MAX_SOURCE_BYTES = 1024 * 1024;

/**
 * A diagram's source as apps store it in a parameter: URI-encoded, optionally in Base64, optionally deflated; empty for an unknown
 * encoding.
 */
export function packedSource(data: string, isCompressed = false): string {
  const packed = data.trim();
  if (!/^[\w+/=-]{16,}$/.test(packed)) return isCompressed ? "" : uriDecoded(packed);
  const bytes = Buffer.from(packed, "base64");
  if (!isCompressed && bytes.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d))) {
    return uriDecoded(bytes.toString("utf8"));
  }
  try {
    return uriDecoded(inflateRawSync(bytes, { maxOutputLength: MAX_SOURCE_BYTES }).toString("utf8"));
  } catch {
    return ""; // An unknown encoding.
  }
}

function uriDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not encoded: a literal "%".
  }
}

/** Replaces the bodies of HTML macros by their parsed content. Changes the tree. */
export function parseHtmlMacros(root: MarkupElement): void {
  for (const element of descendants(root)) {
    if (!isHtmlMacro(element)) continue;
    const body = child(element, "ac:plain-text-body");
    if (!body) continue;
    body.name = "ac:rich-text-body";
    body.children = parseMarkup("export_view", textOf(body)).children;
  }
}

function isHtmlMacro(element: MarkupElement): boolean {
  if (element.name !== "ac:structured-macro" && element.name !== "ac:macro") return false;
  return isHtmlName(attribute(element, "ac:name"));
}

/** Whether a macro of that name holds HTML: `html`, `htmlmacro`, `html-bobswift`, `macro-html`. */
export function isHtmlName(name: string): boolean {
  return /^(?:(?:raw)?html(?:macro)?|.*[-_]html|html[-_](?!include|comment).*)$/i.test(name);
}

/** Whether the body of a macro is Markdown. */
export function isMarkdownMacro(element: MarkupElement): boolean {
  if (element.name !== "ac:structured-macro" && element.name !== "ac:macro") return false;
  return isMarkdownName(attribute(element, "ac:name")) && child(element, "ac:plain-text-body") !== undefined;
}

/** Whether a macro of that name holds Markdown. */
export function isMarkdownName(name: string): boolean {
  return /^(?:md|.*markdown.*)$/i.test(name);
}
