import type { Chunk } from "./chunk.ts";
import { cutMarkdown } from "./cut-markdown.ts";

const DEFAULT_TARGET_TOKENS = 512;

/**
 * Cuts Markdown into chunks of about `targetTokens` (estimated) at most: by heading, then block, then sentence. Never inside
 * a fence, a table row or a link: a table continued repeats its header, code continued is fenced again, and what cannot be
 * cut is a chunk larger than asked for. Deterministic; never throws.
 */
export function chunkMarkdown(markdown: string, options: { targetTokens?: number } = {}): Chunk[] {
  const cuts = cutMarkdown(markdown, options.targetTokens ?? DEFAULT_TARGET_TOKENS);
  return cuts.flatMap(({ from, to, before, after, headingPath }) => {
    const text = markdown.slice(from, to);
    const content = (before + (before === "" ? text.trimStart() : text) + after).trimEnd();
    return content === "" ? [] : [{ content, headingPath }];
  });
}
