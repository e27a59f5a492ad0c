import { getDocumentProxy } from "unpdf";
import { PasswordRequiredError, type FormField, type PdfPage } from "./pdf-page.ts";

export const UNPDF = "unpdf 1.8.1";

/** Pages as plain lines, in the right order for every script, until they hold `mostCharacters`. Throws `PasswordRequiredError`. */
export async function readByUnpdf(
  bytes: Uint8Array,
  mostCharacters: number,
): Promise<{ total: number; damaged: number; pages: PdfPage[] }> {
  const opened = await getDocumentProxy(
    // The library takes the buffer away from its owner, and refuses a Buffer.
    new Uint8Array(bytes),
    { verbosity: 0, useWasm: false },
  ).catch((error: unknown) => {
    throw error instanceof Error && error.name === "PasswordException" ? new PasswordRequiredError() : error;
  });
  const pages: PdfPage[] = [];
  let characters = 0;
  try {
    for (let number = 1; number <= opened.numPages && characters < mostCharacters; number++) {
      const page = await opened.getPage(number);
      const { items } = await page.getTextContent();
      const lines = items
        .map((item) => ("str" in item ? `${item.str}${item.hasEOL ? "\n" : ""}` : ""))
        .join("");
      const markdown = paragraphs(lines);
      characters += markdown.length;
      pages.push({ number, markdown, fields: (await page.getAnnotations()).flatMap(fieldValue) });
      page.cleanup();
    }
    return { total: opened.numPages, damaged: 0, pages };
  } finally {
    await opened.loadingTask.destroy();
  }
}

/** Lines of a PDF end where the column does: a word that goes on in the next line is joined, and lines are not paragraphs. */
function paragraphs(lines: string): string {
  return lines
    .replace(/(\p{Ll})-\n(?=\p{Ll})/gu, "$1")
    .split("\n")
    .map((line) => escaped(line.replace(/\s+/g, " ").trim()))
    .filter((line) => line !== "")
    .join("\n");
}

/** What begins a heading, a list or a rule in Markdown is text here. */
function escaped(line: string): string {
  return line.replace(/^(#{1,6} |[-+*] |>|\||`{3}|={3,}$|-{3,}$)/, "\\$1");
}

type Widget = {
  subtype?: string;
  fieldName?: string;
  alternativeText?: string;
  fieldType?: string;
  fieldValue?: unknown;
  password?: boolean;
  hidden?: boolean;
  options?: readonly { exportValue: string; displayValue: string }[];
};

function fieldValue(widget: Widget): FormField[] {
  if (widget.subtype !== "Widget" || widget.password || widget.hidden) return [];
  if (widget.fieldType !== "Tx" && widget.fieldType !== "Ch") return [];
  const values = [widget.fieldValue].flat().filter((value) => typeof value === "string");
  const shown = values.map(
    (value) => widget.options?.find(({ exportValue }) => exportValue === value)?.displayValue ?? value,
  );
  const value = shown.join(", ");
  return value === "" ? [] : [{ name: widget.alternativeText || widget.fieldName || "", value }];
}
