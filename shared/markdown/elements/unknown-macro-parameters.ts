import { parseMarkup } from "#shared/markdown/parse/parse-markup.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { codeLanguage } from "./code-language.ts";
import { appendFile } from "./macro-content.ts";
import { isHtmlName, isMarkdownName } from "./html-macros.ts";
import { packedSource } from "./packed-source.ts";

/** Parameters that are titles; in lower case, without dashes. */
const TITLE_NAME =
  /^(?:(?:tab|panel|global|macro|chart|box|section|step|card|slide|page|frame)?(?:title|titel|titre|t[ií]tulo|titolo)|tabname|label|heading|headline|header)$/;

/** Whether a parameter of that name is a title. */
export function isTitleName(name: string): boolean {
  return TITLE_NAME.test(bareName(name));
}

/** A parameter's name in lower case, without dashes: `tab-title`, `tabTitle` and `tab_title` are equal. */
export function bareName(name: string): string {
  return name.replace(/[-_\s]/g, "").toLowerCase();
}

/** The kinds of content by names of parameters; in lower case, without dashes. */
const KINDS = {
  source:
    /^(?:source|src(?:code|text)|code(?:text|block)?|body|bodycontent|content|latex|tex|math|mathml|formula|equation|expression|diagram(?:text|source|code)?|definition|uml|dsl|script|syntax|snippet|query|statement|template|json|yaml|graph|mermaid|plantuml|dot|value)$/,
  html: /^(?:html|htmlcontent|htmlbody|rawhtml|markup)$/,
  markdown: /^(?:markdown|md|markdowncontent|markdowntext)$/,
  text: /^(?:text|message|note|comment|description|summary|caption|subtitle|question|answer|quote)$/,
  title: TITLE_NAME,
  file: /^(?:filename|file|diagramdisplayname|diagramname|attachment|attachmentname)$/,
  packed: /^(?:data|encoded|compresseddata)$/,
  language: /^(?:lang|language)$/,
  /** Appearance, location and technical ids: not text, however long. */
  setting:
    /ids?$|^id|colou?r|style|css|class|font|theme|layout|width|height|size|align|border|background|url$|^src$|href|version|revision|locale|environment|token|hash|format|cql|jql|filter|sort|order|columns|schema|context|type$|mode$|date|time|title$/,
} as const;

export type TextParameters = {
  title: string;
  sources: string[];
  html: string[];
  markdown: string[];
  texts: string[];
  file: string;
  language: string;
};

/**
 * The text in the parameters (by name) of a macro that stores its content there: a diagram's source, a formula, a note.
 * Parameters for its appearance are omitted.
 */
export function textParameters(parameters: ReadonlyMap<string, string>): TextParameters {
  const found = [...parameters]
    .map(([name, value]) => ({ key: bareName(name), value: value.trim() }))
    .filter(({ value }) => value !== "");
  const all = (kind: keyof typeof KINDS): string[] =>
    found.filter(({ key }) => KINDS[kind].test(key)).map(({ value }) => value);
  const others = found.filter(({ key }) => Object.values(KINDS).every((kind) => !kind.test(key)));
  const written = others
    .map(({ value }) => value)
    .filter((value) => /\S\s+\S/.test(value) || /\\[a-z]+|[\^_]\{/.test(value));
  const packed = all("packed")
    .map((data) => packedSource(data))
    .filter((source) => source !== "");
  const read = { html: all("html"), markdown: all("markdown"), texts: all("text") };
  const sources = [...all("source"), ...packed, ...written];
  const hasText = sources.length + read.html.length + read.markdown.length + read.texts.length > 0;
  return {
    ...read,
    title: all("title")[0] ?? "",
    sources,
    file: hasText ? "" : (all("file")[0] ?? ""),
    language: all("language")[0] ?? "",
  };
}

/** Adds the content of a macro's parameters below its title. Returns whether there was any. */
export function appendTextParameters(
  name: string,
  text: TextParameters,
  target: PlainElement,
  build: PlainTreeBuilder,
): boolean {
  const { title, sources, html, markdown, texts, file } = text;
  build.titled(title, target, (part) => {
    for (const source of sources) {
      if (isMarkdownName(name)) build.markdown(source, part);
      else if (isHtmlName(name)) appendHtml(source, part, build);
      else build.codeBlock(source, languageOf(name, text, source), part);
    }
    for (const source of html) appendHtml(source, part, build);
    for (const source of markdown) build.markdown(source, part);
    for (const paragraph of texts) build.element("P", [paragraph], part);
    if (file !== "") appendFile(file, build.element("P", [], part), build);
  });
  return title + file !== "" || sources.length + html.length + markdown.length + texts.length > 0;
}

/** The same inline: only the most important part. */
export function appendInlineParameters(
  text: TextParameters,
  target: PlainElement,
  build: PlainTreeBuilder,
): boolean {
  const [source] = text.sources;
  const [words = text.title] = text.texts;
  if (source !== undefined) build.apart(target, () => build.span("CODE", [source], target));
  else if (text.file !== "") appendFile(text.file, target, build);
  else if (words !== "") build.apart(target, () => build.text(words, target));
  return source !== undefined || text.file !== "" || words !== "";
}

function appendHtml(source: string, target: PlainElement, build: PlainTreeBuilder): void {
  build.append(parseMarkup("export_view", source).children, target);
}

const LANGUAGES: readonly (readonly [RegExp, string])[] = [
  [/mermaid/, "mermaid"],
  [/plantuml/, "plantuml"],
  [/graphviz|^dot/, "dot"],
  [/latex|math|formula|equation|katex/, "latex"],
];
const MERMAID =
  /^\s*(?:graph|flowchart|sequenceDiagram|classDiagram|stateDiagram|erDiagram|gantt|pie|mindmap|journey|gitGraph|timeline|quadrantChart)\b/;

/** The language of a source, by a parameter, the macro's name or its first words. */
function languageOf(name: string, text: TextParameters, source: string): string {
  if (text.language !== "") return codeLanguage(text.language);
  const named = LANGUAGES.find(([pattern]) => pattern.test(name.toLowerCase()))?.[1];
  if (named !== undefined) return named;
  if (MERMAID.test(source)) return "mermaid";
  return /^\s*@start[a-z]+/.test(source) ? "plantuml" : "";
}
