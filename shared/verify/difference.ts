/** One way in which the index is not what the site shows. */
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
