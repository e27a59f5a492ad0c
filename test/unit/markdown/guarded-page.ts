import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

export const page = (title: string) => `<ac:link><ri:page ri:content-title="${title}"/></ac:link>`;
export const parameter = (name: string, value: string) =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
export const macro = (name: string, id: string, inside = "") =>
  `<ac:structured-macro ac:name="${name}" ac:macro-id="${id}">${inside}</ac:structured-macro>`;
export const include = (title: string, id: string, more = "") =>
  macro("include", id, parameter("", page(title)) + more);
export const withoutId = (title: string) => include(title, "").replace(' ac:macro-id=""', "");
export const rich = (inside: string) => `<ac:rich-text-body>${inside}</ac:rich-text-body>`;
export const plain = (text: string) => `<ac:plain-text-body><![CDATA[${text}]]></ac:plain-text-body>`;
export const wrapped = (name: string, id: string, html: string) =>
  `<div class="conf-macro output-block" data-hasbody="false" data-macro-id="${id}" data-macro-name="${name}">${html}</div>`;
export const shown = (html: string, id: string) => wrapped("include", id, html);
export const OPEN = "<p>Open words</p>";
export const SECRET = "<p>Hidden words</p>";
export const ERROR =
  '<div class="error"><span class="error">Unable to render {include}</span> Not found.</div>';

/** The page as it is stored where only the page "Open" may be shown. */
export const guarded = (stored: string, rendered: string): string =>
  readPage({ format: "storage", value: stored })
    .withRendered(
      rendered,
      (shows) =>
        shows.length > 0 &&
        shows.every(
          ({ target }) =>
            target === "self" ||
            (typeof target === "object" && target !== null && "title" in target && target.title === "Open"),
        ),
    )
    .toMarkdown(resolver).markdown;
