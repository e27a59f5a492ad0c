/** One way in which the index differs from the site. */
export type Difference = {
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
