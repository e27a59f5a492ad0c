import { UserError } from "#shared/errors.ts";
import type { PageKind } from "./site.ts";

/** A page or blog post as a folder describes it. */
export type LoadedPage = {
  /** The id that the folder gives, else null. */
  id: string | null;
  /** What identifies the page in the folder: an id is made from it, the same each time. */
  file: string;
  kind: PageKind;
  space: string;
  title: string;
  /** Titles above the page, from the top; often the space's name comes first. */
  breadcrumbs: string[];
  storage: string;
  rendered: string | null;
  labels: string[];
  modifiedAt: Date;
  version: number;
  authorId: string | null;
};

export type LoadedFolder = {
  pages: LoadedPage[];
  people: Map<string, string>;
  spaceNames: Map<string, string>;
};

/** What is wrong with the folder, for the person who gave it. */
export class FolderError extends UserError {
  constructor(message: string) {
    super(422, "folder_unusable", message);
    this.name = "FolderError";
  }
}
