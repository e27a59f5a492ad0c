import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import { KNOWN_MACROS, MACRO_KINDS, namesOf } from "#shared/markdown/elements/macro-rules.ts";
import { readPage, type ReadPage } from "#shared/markdown/read-page.ts";
import { REPRESENTATION_OUTPUT, REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { chunkThreads, threadsOf } from "#shared/syncs/comments/comments-document.ts";
import { chunkFile } from "#shared/syncs/files/file-chunks.ts";
import { evaluationResolver } from "#test/evaluation/conversion/resolver.ts";
import { COMMENTS, EXTRACTED, textOf } from "./comments-and-files.ts";
import { MACRO_EXAMPLES } from "./macro-examples.ts";

/** A page of which macros must be rendered, with one that the rendering names and one that only the words around it tell. */
const IN_PARTS = {
  stored:
    '<p>One</p><ac:structured-macro ac:name="children" ac:macro-id="m"/><p>Two</p><ac:structured-macro ac:name="include"/><p>Three</p>',
  rendered:
    '<p>One</p><ul data-macro-id="m"><li>child</li></ul><p>Two</p><h2>Included</h2><p>text</p><p>Three</p>',
};

const repeated = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join("");

/** `@rows` and the like in a fixture: more of them than one chunk holds. */
const LONG: Record<string, string> = {
  words: repeated(60, (index) => `Sentence ${index} says what the duty engineer does at this step. `),
  rows: repeated(120, (index) => `<tr><td>host ${index}</td><td>10.0.0.${index}</td></tr>`),
  items: repeated(80, (index) => `<li>Step ${index}: note the value shown and compare it</li>`),
  lines: repeated(200, (index) => `echo "line ${index}"\n`),
};

const parameters = [
  "",
  "title",
  "name",
  "label",
  "key",
  "url",
  "user",
  "status",
  "colour",
  "data",
  "source",
  "text",
]
  .map((name) => `<ac:parameter ac:name="${name}">${name} value</ac:parameter>`)
  .join("");
/** A macro with a body of each kind and without, with parameters of every macro. */
const usesOf = (name: string) =>
  [
    "<ac:rich-text-body><h2>rich</h2><p>body</p></ac:rich-text-body>",
    "<ac:plain-text-body><![CDATA[plain <b>body</b>]]></ac:plain-text-body>",
    "",
  ]
    .map((body) => `<ac:structured-macro ac:name="${name}">${parameters}${body}</ac:structured-macro>`)
    .join("\n");

function outputOf(page: ReadPage): unknown {
  const converted = page.toMarkdown(evaluationResolver);
  const chunks = chunkPage(converted).map((chunk) => embeddingInput("Title", chunk));
  return { markdown: converted.markdown, textLost: converted.textLost, chunks };
}

it("the revision is raised when the output of converter and chunker for a body, a thread or a file changes", () => {
  const hash = createHash("sha256");
  for (const file of globSync("test/fixtures/representation/*").sort()) {
    const format = basename(file).includes(".storage.") ? "storage" : "export_view";
    const body = readFileSync(file, "utf8").replace(/@(\w+)/g, (_, name: string) => LONG[name] ?? "");
    hash.update(JSON.stringify([basename(file), outputOf(readPage({ format, value: body }))]));
  }
  // By name, so that a rule counts wherever in the list it stands.
  for (const name of KNOWN_MACROS.toSorted())
    hash.update(JSON.stringify([name, outputOf(readPage({ format: "storage", value: usesOf(name) }))]));
  for (const [kind, { inside }] of Object.entries(MACRO_EXAMPLES).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const [name] = namesOf(MACRO_KINDS[kind as keyof typeof MACRO_KINDS]);
    const value = `<ac:structured-macro ac:name="${name}">${inside}</ac:structured-macro>`;
    hash.update(JSON.stringify([kind, outputOf(readPage({ format: "storage", value }))]));
  }
  hash.update(
    JSON.stringify(
      outputOf(readPage({ format: "storage", value: IN_PARTS.stored }).withRendered(IN_PARTS.rendered)),
    ),
  );
  // Of comments and files the chunks, which their text is not the whole of: authors, headings, places.
  hash.update(JSON.stringify(chunkThreads("Title", threadsOf(COMMENTS, "open"), textOf, {})));
  for (const [name, file] of Object.entries(EXTRACTED))
    hash.update(JSON.stringify(chunkFile(name, file, {})));
  const made = hash.digest("hex").slice(0, 16);
  const recorded = Number(REPRESENTATION_OUTPUT.split(":")[0]);
  const next = REPRESENTATION_REVISION === recorded ? recorded + 1 : REPRESENTATION_REVISION;
  expect(
    `${REPRESENTATION_REVISION}:${made}`,
    `Converter or chunker make something else of the fixtures than at revision ${recorded}: what is stored from before keeps its old ` +
      `chunks. In shared/markdown/representation-revision.ts set REPRESENTATION_REVISION to ${next} and REPRESENTATION_OUTPUT to ` +
      `"${next}:${made}". If no output was to change, look for what changed it.`,
  ).toBe(REPRESENTATION_OUTPUT);
});
