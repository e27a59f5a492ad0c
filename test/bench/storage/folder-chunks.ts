import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { nothingKnown } from "./prose.ts";

/** Endless chunks of the `*.storage.xml` pages below a folder, page by page from the `first`, over and over. */
export function makeFolderChunks(folder: string, first: number): () => string {
  const files = globSync("**/*.storage.xml", { cwd: folder }).sort();
  if (files.length === 0) throw new Error(`${folder} has no *.storage.xml files`);
  let page = first;
  let chunks: string[] = [];
  return () => {
    while (chunks.length === 0) {
      const body = readFileSync(join(folder, files[page++ % files.length] ?? ""), "utf8");
      chunks = chunkPage(readPage({ format: "storage", value: body }).toMarkdown(nothingKnown)).map(
        (chunk) => chunk.content,
      );
    }
    return chunks.shift() ?? "";
  };
}
