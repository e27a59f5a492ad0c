import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import type { BenchChunks } from "./fill-index.ts";
import { nothingKnown } from "./prose.ts";
import { realVectors } from "./real-vectors.ts";

/** Of the words of a repeated chunk, every which is another's, and how much of that one's vector is added to its own. */
const EXCHANGED_WORD = 5;
const EXCHANGED_SHARE = 1 / EXCHANGED_WORD;
const TOPICS = 50;

/**
 * Chunks of the `*.storage.xml` pages below a folder, each with its vector by the model. If more are asked for than there are, the pages
 * come again in a further source, where each chunk has every fifth word of another one: no content is equal to one of the first source,
 * words stay as common and as rare as they were, and its vector is turned towards the other's.
 */
export async function readFolderChunks(
  folder: string,
  embedder: Embedder,
  atMost: number,
): Promise<BenchChunks> {
  const texts = readTexts(folder, atMost);
  const distinct = [...new Set(texts)];
  const vectors = await realVectors(embedder, distinct);
  const vectorOf = new Map(distinct.map((text, index) => [text, vectors[index] ?? new Float32Array()]));
  const at = (number: number) => texts[number % texts.length] ?? "";
  return {
    topics: headings(distinct),
    chunksOfSource: texts.length,
    chunk: (number) => {
      const repeat = Math.floor(number / texts.length);
      const text = at(number);
      const vector = vectorOf.get(text) ?? new Float32Array();
      if (repeat === 0) return { content: text, vector: [...vector] };
      const other = at(number + repeat * 997);
      return {
        content: withWordsOf(other, text, repeat),
        vector: towards(vectorOf.get(other) ?? vector, vector),
      };
    },
  };
}

function readTexts(folder: string, atMost: number): string[] {
  const files = globSync("**/*.storage.xml", { cwd: folder }).sort();
  if (files.length === 0) throw new Error(`${folder} has no *.storage.xml files`);
  const texts: string[] = [];
  for (const file of files) {
    if (texts.length >= atMost) break;
    const value = readFileSync(join(folder, file), "utf8");
    const page = readPage({ format: "storage", value }).toMarkdown(nothingKnown);
    texts.push(...chunkPage(page).map((chunk) => chunk.content));
  }
  return texts.slice(0, atMost);
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
