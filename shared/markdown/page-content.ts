/** The vocabularies that page bodies come in: Confluence's XML, or the HTML that it renders for export. */
export type BodyFormat = "storage" | "export_view";

/** Turns what a body refers to into absolute addresses and names. Pure: what must be looked up is looked up before. */
export type ReferenceResolver = {
  /** URL of a page by title (storage links name pages by title and space key, not by id); null when unknown. */
  pageUrl(reference: { title: string; spaceKey: string | null; anchor: string | null }): string | null;
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
 * A part of the Markdown with a title of its own (an expand, a tab, a panel, a block of code), or without one, that headings
 * inside it do not reach out of (a table that arranges the page).
 */
export type TitledPart = {
  from: number;
  /** Where the title ends, which the part begins with; `from` when it has none. */
  titleEnd: number;
  to: number;
};

/** What is known of a page beside its Markdown; places are offsets in it. */
export type Outline = {
  /** In the order of the page; parts lie in each other or apart. */
  parts: readonly TitledPart[];
  /** Ends of rows that name the columns, beside the first row of their table. */
  headerRows: readonly number[];
  /** Ends of rows that are titles of the rows below them. */
  sectionRows: readonly number[];
};

/** A body as Markdown (GFM). */
export type ConvertedPage = {
  markdown: string;
  outline: Outline;
  /** Words that the body shows and the Markdown does not; null when none was lost. */
  textLost: string | null;
};
