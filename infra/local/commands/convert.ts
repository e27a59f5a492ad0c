import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { errorCode, errorMessage, PermanentError } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import type { BodyFormat, ReferenceResolver } from "#shared/markdown/page-content.ts";

/**
 * `npm run -s convert`: the converter and the chunker as a filter. A body on stdin, Markdown on stdout; with `--ndjson` one
 * page a line in and out. A line that cannot be converted is answered with its error, and the run goes on.
 */

const bodyFormat = z.enum(["storage", "export_view", "view"]);
const pageLine = z.object({
  id: z.union([z.string(), z.number()]),
  format: bodyFormat.optional(),
  title: z.string().optional(),
  body: z.string(),
});

const USAGE = "usage: npm run -s convert -- [--format storage|export_view|view] [--ndjson] < PAGE > MARKDOWN";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { format: { type: "string", default: "storage" }, ndjson: { type: "boolean", default: false } },
  });
  const parsed = bodyFormat.safeParse(values.format);
  if (!parsed.success)
    throw new Error(`--format is one of ${bodyFormat.options.join(", ")}, not "${values.format}"`);
  const format = parsed.data;
  if (values.ndjson) {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line.trim() !== "") await write(`${JSON.stringify(convertedLine(line, format))}\n`);
    }
    return;
  }
  const body = await text(process.stdin);
  const page = readPage({ format: formatOf(format), value: body }).toMarkdown(unresolved(""));
  await write(`${page.markdown}\n`);
  if (page.textLost !== null) process.stderr.write(`text lost: ${page.textLost}\n`);
}

function convertedLine(line: string, defaultFormat: z.infer<typeof bodyFormat>): object {
  let id: unknown = null;
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === "object" && json !== null && "id" in json) id = json.id;
    const page = pageLine.parse(json);
    const { markdown, textLost } = readPage({
      format: formatOf(page.format ?? defaultFormat),
      value: page.body,
    }).toMarkdown(unresolved(String(page.id)));
    const chunks = chunkMarkdown(markdown).map((chunk) => ({
      content: chunk.content,
      heading_path: chunk.headingPath,
    }));
    return { id: page.id, markdown, chunks, text_lost: textLost };
  } catch (error) {
    const isMalformed = error instanceof SyntaxError || error instanceof z.ZodError;
    const code = isMalformed ? "malformed_line" : errorCode(error);
    const message = error instanceof z.ZodError ? z.prettifyError(error) : errorMessage(error);
    return { id, error: { code, message } };
  }
}

/** The `view` representation has the vocabulary of `export_view`. */
function formatOf(format: z.infer<typeof bodyFormat>): BodyFormat {
  return format === "storage" ? "storage" : "export_view";
}

/** Without a site to ask: pages and attachments by the relative addresses that Confluence gives them, people by their id. */
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

try {
  await main();
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n${error instanceof PermanentError ? "" : `${USAGE}\n`}`);
  process.exitCode = 2;
}
