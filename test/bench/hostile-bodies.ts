/** As large as a body may be. */
export const BODY_LENGTH = 20 * 1024 * 1024;

const filled = (part: string): string => part.repeat(Math.floor(BODY_LENGTH / part.length));
const between = (before: string, part: string, after: string): string =>
  before + part.repeat(Math.floor((BODY_LENGTH - before.length - after.length) / part.length)) + after;
const macro = (name: string, inner: string): string =>
  `<ac:structured-macro ac:name="${name}"><ac:rich-text-body>${inner}</ac:rich-text-body></ac:structured-macro>`;
const PROSE =
  "<h2>Release</h2><p>The pipeline <strong>builds</strong> the image, runs every test and asks an operator for approval, " +
  'see <a href="https://wiki.example/display/OPS/Release">the checklist</a>.</p><ul><li>one</li><li>two</li></ul>';
const ENTITIES = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
).join("");

/** What hostile bodies are measured against: prose of the same size, in paragraphs long enough to be no tree of its own. */
export const BENIGN = "benign prose";

/** Bodies of the largest size that each are the worst of something. */
export const HOSTILE_BODIES: Record<string, () => string> = {
  [BENIGN]: () => between("", PROSE.replace("approval", "approval. ".repeat(200)), ""),
  "one attribute": () => between('<p title="', "a", '">x</p>'),
  "an attribute that never ends": () => between('<p title="', "a", ""),
  "a million attributes": () => between("<p ", 'a="b" ', ">x</p>"),
  "one word": () => between("<p>", "a", "</p>"),
  "one line of short words": () => between("<p>", "a ", "</p>"),
  "10,000 levels": () => between("<div>".repeat(10_000), "a ", "</div>".repeat(10_000)),
  "levels all the way": () => filled("<div>x"),
  "macros in macros": () => filled('<ac:structured-macro ac:name="info"><ac:rich-text-body>x'),
  "lists in lists, 190 levels": () => between("<ul><li>".repeat(95), "<p>a b</p>".repeat(100), ""),
  "a million cells": () => filled("<tr><td>a</td><td>b</td></tr>"),
  "cells that span everything": () => filled('<tr><td colspan="1000" rowspan="65534">abc</td></tr>'),
  "tables in tables": () => filled("<table><tr><td>x"),
  "entities of entities": () => between(`<!DOCTYPE l [<!ENTITY l0 "lol">${ENTITIES}]><p>`, "&l9; ", "</p>"),
  "characters by number": () => between("<p>", "&#65;", "</p>"),
  "unclosed everything": () => filled("<b><p>x<td><li><a href='"),
  "U+0000": () => between("<p>a", "\u0000", "b</p>"),
  "white space in code": () => between("<pre>a", " ", "b</pre>"),
  "backticks in code": () => between("<pre>", "``` `", "</pre>"),
  "one line of code": () =>
    between(
      `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[`,
      "a=b;",
      "]]></ac:plain-text-body></ac:structured-macro>",
    ),
  "Markdown's own characters": () => between("<p>", "*_`[](<!~|\\", "</p>"),
  "only <": () => filled("<"),
  "comments that never end": () => filled("<!--"),
  "CDATA that never ends": () => filled("<![CDATA["),
  headings: () => filled("<h1>a</h1>"),
  "macros side by side": () => filled(macro("expand", "x")),
};
