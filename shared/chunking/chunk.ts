/** A piece of a page: whole blocks of Markdown under one heading path. */
export type Chunk = {
  /** Markdown; never split inside a code fence, a table row or a link. */
  content: string;
  /** The page's own headings above this chunk, outermost first, without the page title. */
  headingPath: string[];
};
