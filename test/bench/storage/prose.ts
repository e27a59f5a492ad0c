import { globSync, readFileSync } from "node:fs";
import { readPage } from "#shared/markdown/read-page.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";

/** mulberry32: the same sequence for the same seed, in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = <T>(random: () => number, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;

/** Resolves no link, user or attachment. */
export const nothingKnown: ReferenceResolver = {
  pageUrl: () => null,
  attachmentUrl: () => null,
  userName: () => null,
  absoluteUrl: (href) => href,
};

/** The sentences of the sample site's pages: real wording, so that words are as common and as rare as they are in pages. */
function sampleSentences(): string[] {
  return globSync("infra/local/confluence-site/sample/**/*.storage.xml").flatMap((file) => {
    const body = readFileSync(file, "utf8");
    const { markdown } = readPage({ format: "storage", value: body }).toMarkdown(nothingKnown);
    return markdown
      .split(/(?<=[.!?])\s+|\n+/)
      .filter((sentence) => sentence.length > 30 && sentence.length < 300);
  });
}

/**
 * Endless chunks of prose: sentences of the sample pages, recombined, with a name of its own in each, as error codes, hosts
 * and tickets give pages words that few others have.
 */
export function makeProse(seed: number): () => string {
  const sentences = sampleSentences();
  const random = seededRandom(seed);
  return () => {
    const name = `${pick(random, ["ERR", "JOB", "host", "svc"])}_${Math.floor(random() * 100_000).toString(36)}`;
    const count = 3 + Math.floor(random() * 6);
    const chosen = Array.from({ length: count }, () => pick(random, sentences));
    chosen.splice(Math.floor(random() * count), 0, `It concerns ${name} as well.`);
    return chosen.join(" ");
  };
}
