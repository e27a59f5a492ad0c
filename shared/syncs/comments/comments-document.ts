import { createHash } from "node:crypto";
import { blockTree } from "#shared/chunking/block-tree.ts";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import type { CommentOfDocument } from "#shared/documents/comments.ts";
import type { ChunkToEmbed } from "#shared/documents/embed-pages.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";

/** Threads with fewer words ("+1", "Thanks!") answer no question. */
const FEWEST_WORDS = 4;
/** Characters of the commented text that a heading shows. */
const SELECTION_CHARACTERS = 80;

/** A thread: the first comment, then its replies at any depth, oldest first. */
export type Thread = { root: CommentOfDocument; comments: CommentOfDocument[] };

/** The threads of a container that the source's option lets search find, the oldest first. A reply whose thread is gone begins one. */
export function threadsOf(
  comments: readonly CommentOfDocument[],
  option: ContentOptions["comments"],
): Thread[] {
  const byId = new Map(comments.map((comment) => [comment.id, comment]));
  const rootOf = (comment: CommentOfDocument): CommentOfDocument => {
    const seen = new Set([comment.id]);
    let at = comment;
    for (;;) {
      const above = at.parentId === null ? undefined : byId.get(at.parentId);
      if (!above || seen.has(above.id)) return at;
      seen.add(above.id);
      at = above;
    }
  };
  const threads = [...Map.groupBy(comments, rootOf)].map(([root, members]) => ({
    root,
    comments: [root, ...members.filter((comment) => comment !== root)],
  }));
  return threads.filter(({ root }) => option === "all" || isOpen(root));
}

/** Footer comments cannot be resolved in every edition: without a word they are open. */
function isOpen({ resolution }: CommentOfDocument): boolean {
  return resolution === null || resolution === "open" || resolution === "reopened";
}

/**
 * The chunks of a container's comments: a group per thread, so that a reply stands below what it answers, and a new reply changes the
 * last chunk of its thread. `textOf`: a comment's body as Markdown.
 */
export function chunkThreads(
  title: string,
  threads: readonly Thread[],
  textOf: (comment: CommentOfDocument) => string,
  model: Pick<Embedder, "inputHeadings">,
): { chunks: ChunkToEmbed[]; contentHash: string } {
  const hash = createHash("sha256");
  const chunks = threads.flatMap(({ root, comments }) => {
    const texts = comments.map((comment) => ({ comment, text: textOf(comment).trim() }));
    const words = texts.flatMap(({ text }) => text.match(/[\p{L}\p{N}]+/gu) ?? []).length;
    if (words < FEWEST_WORDS) return [];
    const markdown = texts
      .filter(({ text }) => text !== "")
      .map(({ comment, text }) => formatComment(comment, text))
      .join("\n\n");
    hash.update(`${root.id}\n${markdown}\n`);
    const headingPath = ["Comments", ...(root.selection ? [`“${shortened(root.selection)}”`] : [])];
    return chunkMarkdown(markdown).map(({ content }) => {
      const chunk = { content, headingPath };
      return { ...chunk, place: { comment_id: root.id }, input: embeddingInput(title, chunk, model) };
    });
  });
  return { chunks, contentHash: hash.digest("hex") };
}

/** `Ann Lee (2026-03-01): …`; before a text that begins with a block of its own (list, table, code, heading), on a line of its own. */
function formatComment({ authorName, createdAt }: CommentOfDocument, text: string): string {
  const day = createdAt ? ` (${createdAt.toISOString().slice(0, 10)})` : "";
  const isBlock = /^(?:[-*+>|#]|\d+[.)]|```|~~~| {4})/.test(text);
  return `${authorName ?? "Somebody"}${day}:${isBlock ? "\n\n" : " "}${withoutHeadings(text)}`;
}

/** Markdown with its headings in bold: a heading in a comment is none of the page's. */
function withoutHeadings(markdown: string): string {
  let flat = "";
  let end = 0;
  for (const block of blockTree(markdown)) {
    if (block.kind !== "heading") continue;
    const line = markdown.slice(block.from, block.to);
    flat += markdown.slice(end, block.from) + line.replace(/^#{1,6} (.*)$/, "**$1**");
    end = block.to;
  }
  return flat + markdown.slice(end);
}

function shortened(selection: string): string {
  const line = selection.replaceAll(/\s+/g, " ").trim();
  const letters = Array.from(line);
  return letters.length <= SELECTION_CHARACTERS
    ? line
    : `${letters.slice(0, SELECTION_CHARACTERS).join("")}…`;
}
