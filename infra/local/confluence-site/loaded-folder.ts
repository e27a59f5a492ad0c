import { UserError } from "#shared/errors.ts";
import type { Account } from "./directory.ts";
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
  /** Who may see it and what is below it: account ids, and names of groups. Null: whoever sees what is above it. */
  restrictions: { users: string[]; groups: string[] } | null;
};

export type LoadedFolder = {
  pages: LoadedPage[];
  directory: LoadedDirectory;
  spaceNames: Map<string, string>;
};

export type LoadedDirectory = {
  people: ({ id: string; name: string } & Partial<Account>)[];
  /** A group `confluence-users` is the one of everybody who may use the site; without it all people belong to that. */
  groups: { name: string; id?: string; members: string[]; isLicensed: boolean }[];
};

/** What is wrong with the folder, for the person who gave it. */
export class FolderError extends UserError {
  constructor(message: string) {
    super(422, "folder_unusable", message);
    this.name = "FolderError";
  }
}
