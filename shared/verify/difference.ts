import type { ContentKind } from "#shared/content-kinds.ts";

/** One way in which the index differs from the site. `page_id`: of a comment or a file its own id; `title`: of a comment that of its page. */
export type Difference = {
  content: ContentKind;
  page_id: string;
  title: string;
  kind:
    | "missing"
    | "surplus"
    | "hidden"
    | "outdated"
    | "title"
    | "parent"
    | "url"
    | "labels"
    | "without_chunks"
    | "chunk_count"
    | "content";
  index: string;
  site: string;
};
