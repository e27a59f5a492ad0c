/** The vocabularies of page bodies: Confluence's XML, or the HTML that it renders for export. */
export type BodyFormat = "storage" | "export_view";

/** What a link names instead of an id. A page and a blog post of a space may have the same title. */
export type NamedPage = { kind: "page" | "blogpost"; title: string };

/** Resolves references of a body to absolute URLs and names. Pure: lookups are done before. */
export type ReferenceResolver = {
  /** URL of a page by kind and title (storage links name pages by title and space key, not by id); null when unknown. */
  pageUrl(reference: NamedPage & { spaceKey: string | null; anchor: string | null }): string | null;
  /** URL of an attachment of this page (or of the named page); null when unknown. */
  attachmentUrl(reference: {
    fileName: string;
    pageTitle: string | null;
    spaceKey: string | null;
  }): string | null;
  /** Display name by account id (or user key, or legacy user name); null when unknown. */
  userName(accountId: string): string | null;
  /** Makes a site-relative link absolute; other links are returned as they are. */
  absoluteUrl(href: string): string;
};

/**
 * A part of the Markdown with its own title (an expand, a tab, a panel, a block of code), or without one, that limits the scope of
 * headings inside it (a table used for layout).
 */
export type TitledPart = {
  from: number;
  /** End of the title at the beginning of the part; `from` if it has none. */
  titleEnd: number;
  to: number;
};

/** What is known about a page besides its Markdown; positions are offsets in the Markdown. */
export type Outline = {
  /** In the order of the page; parts are nested or disjoint. */
  parts: readonly TitledPart[];
  /** Ends of rows that name the columns, besides the first row of their table. */
  headerRows: readonly number[];
  /** Ends of rows that are titles of the rows below them. */
  sectionRows: readonly number[];
};

/** A body as Markdown (GFM). */
export type ConvertedPage = {
  markdown: string;
  outline: Outline;
  /** Words that the body shows and the Markdown does not; null if none was lost. */
  textLost: string | null;
};
