import { readManifest } from "#infra/local/confluence-site/manifest.ts";
import { readPageFolder } from "#infra/local/confluence-site/page-folder.ts";
import type { Chunk } from "#shared/chunking/chunk.ts";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { UserError } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import type { BenchPages } from "./fill-index.ts";
import { nothingKnown } from "./prose.ts";
import { realVectors } from "./real-vectors.ts";

/** Of the words of a repeated chunk, every which is another's, and how much of that one's vector is added to its own. */
const EXCHANGED_WORD = 5;
const EXCHANGED_SHARE = 1 / EXCHANGED_WORD;
const TOPICS = 50;

/**
 * The pages below a folder, read as the simulated site reads them, with the first `atMost` of their chunks, each with its vector by the
 * model. If more are asked for than there are, the pages come again in a further source, where each chunk has every fifth word of
 * another one: no content is equal to one of the first source, words stay as common and as rare as they were, and its vector is turned
 * towards the other's.
 */
export async function readFolderPages(
  folder: string,
  embedder: Embedder,
  atMost: number,
): Promise<BenchPages> {
  const pages = await readPages(folder, atMost);
  const chunks = pages.flatMap((page) => page.chunks);
  const distinct = [...new Set(chunks.map(({ content }) => content))];
  const vectors = await realVectors(embedder, distinct);
  const vectorOf = new Map(distinct.map((text, index) => [text, vectors[index] ?? new Float32Array()]));
  const place = new Map(chunks.map((chunk, index) => [chunk, index]));
  const repeated = (chunk: Chunk, repeat: number) => {
    const { content, headingPath } = chunk;
    const vector = vectorOf.get(content) ?? new Float32Array();
    if (repeat === 0) return { content, headingPath, vector: [...vector] };
    const { content: other } = chunks[((place.get(chunk) ?? 0) + repeat * 997) % chunks.length] ?? chunk;
    return {
      content: withWordsOf(other, content, repeat),
      headingPath,
      vector: towards(vectorOf.get(other) ?? vector, vector),
    };
  };
  return {
    topics: headings(distinct),
    pagesOfSource: pages.length,
    chunksOfSource: chunks.length,
    realChunks: chunks.length,
    page: (number) => {
      const repeat = Math.floor(number / pages.length);
      const { title, chunks: own } = pages[number % pages.length] ?? { title: "", chunks: [] };
      return { title, chunks: own.map((chunk) => repeated(chunk, repeat)) };
    },
  };
}

type FolderPage = { title: string; chunks: Chunk[] };

/** Without pages that have no text. */
async function readPages(folder: string, atMost: number): Promise<FolderPage[]> {
  const loaded = (await readManifest(folder)) ?? (await readPageFolder(folder));
  const pages: FolderPage[] = [];
  let left = atMost;
  for (const { title, storage } of loaded.pages) {
    if (left === 0) break;
    const page = readPage({ format: "storage", value: storage }).toMarkdown(nothingKnown);
    const chunks = chunkPage(page)
      .filter(({ content }) => content !== "")
      .slice(0, left);
    left -= chunks.length;
    if (chunks.length > 0) pages.push({ title, chunks });
  }
  if (pages.length === 0) throw new UserError(404, "no_page_bodies", `No pages with text in ${folder}`);
  return pages;
}

/** Some that are spread over all. */
function headings(texts: readonly string[]): string[] {
  const all = texts.flatMap((text) =>
    Array.from(text.matchAll(/^#+ (\w.+)$/gm), ([, heading = ""]) => heading),
  );
  const distinct = [...new Set(all)];
  return distinct.filter((_, index) => index % Math.ceil(distinct.length / TOPICS) === 0);
}

/** Chunks of one word are told apart by the number of the repetition. */
function withWordsOf(other: string, text: string, repeat: number): string {
  const words = other.split(/\s+/);
  let place = repeat;
  const exchanged = text.replaceAll(/\S+/g, (word) =>
    (place += 1) % EXCHANGED_WORD === 0 ? (words[place % words.length] ?? word) : word,
  );
  return exchanged === text ? `${text} ${repeat}` : exchanged;
}

function towards(other: Float32Array, vector: Float32Array): number[] {
  const turned = Array.from(vector, (value, index) => value + EXCHANGED_SHARE * (other[index] ?? 0));
  const length = Math.hypot(...turned);
  return turned.map((value) => Math.round((value / length) * 1e5) / 1e5);
}
