import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { parseEnv } from "#shared/env.ts";
import { errorCode, errorMessage, PermanentError } from "#shared/errors.ts";
import type { FilePlace } from "#shared/extraction/extracted-file.ts";
import { openOcr } from "#shared/extraction/ocr-data.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import type { BodyFormat, ReferenceResolver } from "#shared/markdown/page-content.ts";
import { readLines } from "#infra/local/read-lines.ts";
import { EXTRACTION_LIMITS, extractionRunner } from "#infra/local/runner/extraction/run-extraction.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";

const FORMATS = ["storage", "export_view", "view"] as const;
type Format = (typeof FORMATS)[number];

const pageLine = z.object(
  {
    id: z.union([z.string(), z.number()], { error: "must be a string or a number" }),
    format: z.enum(FORMATS, { error: `must be one of ${FORMATS.join(", ")}` }).optional(),
    title: z.string({ error: "must be a string" }).optional(),
    body: z.string({ error: "must be a string, the page's body" }),
  },
  { error: "it is no object" },
);

const convert = defineCommand({
  name: "npm run -s convert --",
  does: "The converter and the chunker as a filter: a page's body on stdin, or an attachment, as Markdown on stdout.",
  options: {
    format: { type: "choice", choices: FORMATS, default: "storage", description: "of the body" },
    ndjson: { type: "flag", description: "many pages, one JSON object a line in and out" },
    file: {
      type: "text",
      value: "FILE",
      description: "an attachment (PDF, DOCX, …) instead of a body on stdin",
    },
    ocr: { type: "flag", description: "of --file: read scans and pictures" },
  },
  more: `Lines of --ndjson:
  in   {"id": "1", "body": "<p>…</p>"} and, optionally, "format" (as --format) and "title"
  out  {"id", "markdown", "chunks": [{"content", "heading_path"}], "text_lost"}
       {"id", "error": {"code", "message"}} for a line that cannot be converted; the others are, and the exit code is 1

Of --file, each page, slide and sheet begins with a comment: <!-- page 3 -->. What was left out is on stderr; the exit code is
1 if the file gives no text.`,
  run: async ({ format, ndjson, file, ocr }) => {
    if (file !== undefined) return convertFile(file, ocr);
    if (ndjson) return convertLines(format);
    const page = readPage({ format: formatOf(format), value: await text(process.stdin) }).toMarkdown(
      unresolved(""),
    );
    await write(`${page.markdown}\n`);
    if (page.textLost !== null) process.stderr.write(`text lost: ${page.textLost}\n`);
    return 0;
  },
});

/** As a sync does: in a process of its own, with its limits. */
async function convertFile(path: string, ocr: boolean): Promise<number> {
  const extract = extractionRunner(EXTRACTION_LIMITS, {
    ocr: ocr ? openOcr(parseEnv(process.env).OCR_DATA) : null,
  });
  const { file } = await extract({ name: basename(path), mediaType: "", bytes: await bytesOf(path) });
  if (file.result !== "text") {
    process.stderr.write(`${file.result}: ${file.message}\n`);
    return 1;
  }
  for (const { place, markdown } of file.parts) await write(`${placeLine(place)}${markdown}\n\n`);
  for (const warning of file.warnings) process.stderr.write(`${warning}\n`);
  return 0;
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const reasons: Record<string, string> = { ENOENT: "there is no such file", EISDIR: "it is a folder" };
    const reason = reasons[errorCode(error)] ?? errorMessage(error);
    throw new PermanentError("file_not_readable", `--file ${path} cannot be read: ${reason}`);
  }
}

function placeLine(place: FilePlace | null): string {
  if (place === null) return "";
  // Two hyphens would end the comment.
  const name = place.kind === "sheet" ? place.name.replace(/--+/g, "-") : place.number;
  return `<!-- ${place.kind} ${name} -->\n\n`;
}

async function convertLines(format: Format): Promise<number> {
  let number = 0;
  let failed = 0;
  for await (const line of readLines(process.stdin)) {
    number += 1;
    if (line.trim() === "") continue;
    const converted = convertLine(line, number, format);
    if ("error" in converted) failed += 1;
    await write(`${JSON.stringify(converted)}\n`);
  }
  if (failed === 0) return 0;
  process.stderr.write(`${failed} lines could not be converted: their output lines say why\n`);
  return 1;
}

function convertLine(line: string, number: number, defaultFormat: Format): object {
  let id: unknown = null;
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === "object" && json !== null && "id" in json) id = json.id;
    const page = pageLine.parse(json);
    const converted = readPage({
      format: formatOf(page.format ?? defaultFormat),
      value: page.body,
    }).toMarkdown(unresolved(String(page.id)));
    const chunks = chunkPage(converted).map((chunk) => ({
      content: chunk.content,
      heading_path: chunk.headingPath,
    }));
    return { id: page.id, markdown: converted.markdown, chunks, text_lost: converted.textLost };
  } catch (error) {
    const fault = faultOf(error);
    if (fault === null) return { id, error: { code: errorCode(error), message: errorMessage(error) } };
    const message = `Line ${number}: ${fault}. A line is {"id", "body"} and, optionally, "format" and "title"`;
    return { id, error: { code: "malformed_line", message } };
  }
}

/** The fault of a line; null if its page cannot be converted. */
function faultOf(error: unknown): string | null {
  if (error instanceof SyntaxError) return "it is not JSON";
  if (!(error instanceof z.ZodError)) return null;
  return error.issues.map(({ path, message }) => [...path, message].join(" ")).join(", ");
}

/** The `view` representation has the vocabulary of `export_view`. */
function formatOf(format: Format): BodyFormat {
  return format === "storage" ? "storage" : "export_view";
}

/** Without a site: pages and attachments by the relative addresses that Confluence gives them, people by their id. */
function unresolved(pageId: string): ReferenceResolver {
  return {
    pageUrl: ({ title, spaceKey, anchor }) => {
      const path = encodeURIComponent(title).replace(/%20/g, "+");
      return `${spaceKey === null ? "" : `/display/${encodeURIComponent(spaceKey)}/`}${path}${anchor ? `#${encodeURIComponent(anchor)}` : ""}`;
    },
    attachmentUrl: ({ fileName }) =>
      `/download/attachments/${encodeURIComponent(pageId)}/${encodeURIComponent(fileName)}`,
    userName: () => null,
    absoluteUrl: (href) => href,
  };
}

async function write(output: string): Promise<void> {
  if (process.stdout.write(output)) return;
  await new Promise((resolve) => process.stdout.once("drain", resolve));
}

await runCommand(convert);
