import type { ContentKind, PageKind } from "#shared/content-kinds.ts";
import type {
  ContentRights,
  DirectoryAccount,
  RightsSubject,
  SpaceReaders,
  SpaceRole,
  ViewRestriction,
} from "./content-rights.ts";

/**
 * What the sync needs from Confluence, in plain typed data. `cloud-client.ts` is the implementation over HTTP.
 *
 * Every method may throw `RateLimitedError` (429, or a pause already announced), `TransientError` (timeout, 5xx, connection),
 * `PermanentError` with code `credentials_rejected` (401), `scope_missing` (401 that names a scope), `forbidden` (403), `not_found` (404), `request_refused` (another
 * 4xx), `invalid_answer`, `invalid_id`, `answer_too_large`, `body_too_large`, `address_refused` (host not allowed or not public).
 */
export type ConfluenceClient = {
  /** The account behind the credentials (v1 `user/current`). `accountId` is null for an anonymous response. */
  currentUser(): Promise<ConfluenceUser>;
  /** The id of the site that Atlassian's gateway knows it by (`/_edge/tenant_info`); null when the site does not name one. */
  cloudId(): Promise<string | null>;
  /** A space by its key (v2), or null when the account sees no such space. */
  space(key: string): Promise<ConfluenceSpace | null>;
  /** One page of the listing of all spaces that the account sees, archived and personal ones too (v2, limit 250). */
  spaces(cursor: string | null): Promise<{ spaces: ListedSpace[]; next: string | null }>;
  /**
   * One page of a CQL search (v1), expanding what these kinds have, and no more; without kinds the version and the space, which
   * all have. With `rights` pages and blog posts come with theirs.
   */
  searchContent(
    cql: string,
    cursor: string | null,
    kinds: readonly ContentKind[],
    options?: { rights: boolean },
  ): Promise<ContentPage>;
  /** One page of a CQL search (v1) for content of any type with its rights. `skipped`: hits that could not be read. */
  searchRights(
    cql: string,
    cursor: string | null,
  ): Promise<{ contents: ContentRights[]; skipped: number; next: string | null }>;
  /**
   * The content's own view restriction, whole (v1 `restriction/byOperation/read`). What it inherits is not in it, and that of a folder
   * reads as empty whatever it is (CONFCLOUD-82920).
   */
  viewRestriction(id: string): Promise<ViewRestriction>;
  /** The roles that spaces of the site assign (v2 `space-roles`); null where the site has none (`space-role-mode`). */
  spaceRoles(): Promise<SpaceRole[] | null>;
  /** Who may read a space: by its permissions, and by its assignments of these roles (v2). `not_found`: it is gone or not visible. */
  spaceReaders(spaceId: string, roles: readonly SpaceRole[] | null): Promise<SpaceReaders>;
  /** Ids of the groups whose members are the site's licensed accounts (v1 `group?accessType=user`). */
  licensedGroups(): Promise<string[]>;
  /** Account ids of a group's members, all of them (v1 `membersByGroupId`); some system groups are listed and yet `not_found`. */
  groupMembers(groupId: string): Promise<string[]>;
  /** Accounts by their ids (v2 `/users-bulk`); unknown ids are absent. */
  accounts(accountIds: readonly string[]): Promise<DirectoryAccount[]>;
  /**
   * Whether somebody may view content, by site, space and all restrictions (v1 `permission/check`). About others than itself the
   * account may ask only as Confluence administrator: else `forbidden`.
   */
  isPermitted(contentId: string, subject: RightsSubject): Promise<boolean>;
  /** One page of a CQL search for comments, with their bodies: 50 at most (Confluence cuts such a response silently). */
  searchComments(cql: string, cursor: string | null): Promise<CommentPage>;
  /**
   * The type of each content by its id (v2 `content/convert-ids-to-types`, up to 100 ids a call): null where it is gone or not visible
   * to the account. An id that the response does not name is absent.
   */
  typesOfIds(ids: readonly string[]): Promise<Map<string, string | null>>;
  /** A file by its id (v2 `attachments/{id}`), in the trash too; null where it is gone or not visible. */
  attachment(id: string): Promise<AttachmentStatus | null>;
  /**
   * The signed address of a file's version, which needs no credentials and must get none (v1 `…/child/attachment/{id}/download`, whose
   * redirect is not followed). It is a credential itself while it lasts.
   */
  attachmentAddress(file: { containerId: string; id: string; version: number }): Promise<string>;
  /** How many pages a CQL query finds (v1 `/rest/api/search`, limit 1), for percent and ETA; null if the site does not report it. */
  countPages(cql: string): Promise<number | null>;
  /** One page of the v2 listing of a space's current content of one kind (limit 250, no bodies; labels are not in it: null). */
  listPages(kind: PageKind, spaceId: string, cursor: string | null): Promise<ListingPage>;
  /**
   * Content of one kind by id (v2, up to 250 ids a call without bodies, 100 with), in any status (current, archived, trashed, deleted).
   * An id that is gone or not visible is absent from the response.
   */
  pagesById(
    kind: PageKind,
    ids: readonly string[],
    options: { body: "storage" | null },
  ): Promise<ConfluencePage[]>;
  /**
   * The same with storage bodies, in parts of one response each (at most 64 MB): the next is requested when the loop asks for it, so
   * that not all bodies are in memory.
   */
  bodiesById(kind: PageKind, ids: readonly string[]): AsyncGenerator<ConfluencePage[]>;
  /** One page or blog post with its rendered body (`export_view`). */
  renderedPage(kind: PageKind, id: string): Promise<ConfluencePage>;
  /** One page of the labels used on the space's content (v2 `/spaces/{id}/content/labels`). */
  spaceLabels(
    spaceId: string,
    cursor: string | null,
  ): Promise<{ labels: ConfluenceLabel[]; next: string | null }>;
  /** One page of the ids of the space's content of one kind that carries a label (v2 `/labels/{id}/pages`, `/blogposts`). */
  labelledPageIds(
    kind: PageKind,
    labelId: string,
    spaceId: string,
    cursor: string | null,
  ): Promise<{ ids: string[]; next: string | null }>;
  /** Display names by account id (v2 `/users-bulk`); unknown ids are absent. */
  userNames(accountIds: readonly string[]): Promise<Map<string, string>>;
  /** A folder or similar content above pages (v2 `/folders/{id}`, `/whiteboards/{id}`, …). */
  folder(id: string, kind: FolderKind): Promise<Folder>;
  /** Makes one call and uses nothing of its response. It is not repeated, and given up after 5 s. */
  probe(request: ProbeRequest): Promise<void>;
  /** The site's address for people, with `/wiki`, as the latest response with one names it; null before that. */
  readonly webBase: () => string | null;
  /** HTTP requests sent so far through this client, retries included. */
  readonly callsMade: () => number;
  /** Those of them that Confluence answered with 429. */
  readonly rateLimitedCalls: () => number;
  /** The `Date` header of the latest response: Confluence's clock, in whole seconds; null before the first response. */
  readonly serverTime: () => Date | null;
  /** What the latest response says about the rate limit when it is nearly used up (slow down until `resetAt`); else null. */
  readonly nearLimit: () => { resetAt: Date | null } | null;
  /** How the responses so far differed from their description. */
  readonly drift: () => Drift;
};

export type ProbeRequest = {
  method: "GET" | "POST";
  path: string;
  query: Record<string, string>;
  body?: unknown;
};

export type Drift = {
  /** Responses that the library's schema refused although they had the required fields. */
  answers: number;
  /** Items of listings that could not be parsed, or were not requested. */
  skipped: number;
  /** Where the first of them was, and what was wrong: `/wiki/api/v2/pages: results.title: invalid_type`. */
  example: string | null;
};

export type ConfluenceUser = {
  accountId: string | null;
  displayName: string | null;
  /** IANA zone name; null when hidden by privacy settings or unknown. CQL date literals are read in this zone. */
  timeZone: string | null;
};

export type ConfluenceSpace = {
  id: string;
  key: string;
  name: string;
  status: string;
  homepageId: string | null;
};

/** A space as the listing of spaces returns it; `type` is Confluence's own word: `global`, `personal`, `collaboration`, … */
export type ListedSpace = Omit<ConfluenceSpace, "homepageId"> & { type: string };

/** Kinds of content above pages that are not pages, by their v2 names; `/{kind}s/{id}` returns one and has its own scope. */
export const FOLDER_KINDS = ["folder", "whiteboard", "database", "embed"] as const;
export type FolderKind = (typeof FOLDER_KINDS)[number];

export type Folder = {
  id: string;
  title: string;
  parentId: string | null;
  parentType: string | null;
};

export type ListedFolder = Folder & { kind: FolderKind };

export type ConfluenceLabel = { id: string; name: string };

/** The status of a page whose item lacks what the sync needs: it exists, and only its id is known. */
export const UNREADABLE = "unreadable";

/** A page as a listing returns it. */
export type ListedPage = {
  /** Of a search hit of unknown kind: `page`. */
  kind: PageKind;
  id: string;
  title: string;
  version: number;
  /** Confluence's own word: `current`, `archived`, `trashed`, `deleted`, or an unknown one; this project's own: UNREADABLE. */
  status: string;
  /** Null if the listing does not contain it (v1 returns the key, v2 the id). */
  spaceId: string | null;
  spaceKey: string | null;
  parentId: string | null;
  /** `page`, `folder`, `database`, `whiteboard`, `embed` or an unknown one; null at the top. */
  parentType: string | null;
  /** Confluence's own word: `live` for a live doc, whose text may change without a version, `page` for others; null if not said. */
  subtype: string | null;
  /** Null if the listing does not contain them. */
  labels: string[] | null;
  /** Absolute URL for people. */
  url: string;
  /** When this version was created; null if unknown. */
  modifiedAt: Date | null;
  /** Null: not asked for, as by every v2 listing. */
  rights: Pick<ContentRights, "ancestors" | "restriction"> | null;
};

/** `next` is an opaque cursor for the following page, null at the end. A page may be short or empty and still have a next one. */
export type ListingPage = { pages: ListedPage[]; next: string | null };

/** One page of a search for content of several kinds. */
export type ContentPage = ListingPage & {
  comments: ListedComment[];
  files: ListedFile[];
  folders: ListedFolder[];
  /** Hits of a type that the sync does not know, or that lack what it needs: nothing is done with them but counting. */
  skipped: number;
};

/** One page of a search for comments with their bodies. `skipped`: hits that cannot be read; `odd`: their ids, where they have one. */
export type CommentPage = { comments: Comment[]; odd: string[]; skipped: number; next: string | null };

/** A file as a search finds it. A change of name or place makes no version. */
export type ListedFile = {
  /** `att` and digits. */
  id: string;
  /** The file's name. */
  title: string;
  version: number;
  spaceKey: string | null;
  /** The page or blog post that it is on; null if the response does not name it. */
  containerId: string | null;
  mediaType: string | null;
  /** As Confluence says, which may be wrong. */
  bytes: number | null;
  fileId: string | null;
  /** Absolute URL for people: opens the page with the file in front. */
  url: string;
  modifiedAt: Date | null;
};

/** `status`: Confluence's own word. */
export type AttachmentStatus = { status: string; containerId: string | null };

/** A comment as a search finds it. */
export type ListedComment = {
  id: string;
  version: number;
  spaceKey: string | null;
  /** The page, blog post or file; null where the response names only the comment that it replies to. */
  containerId: string | null;
  parentId: string | null;
  /** Of inline threads: `open`, `reopened`, `resolved`, `dangling` or an unknown one; else null. */
  resolution: string | null;
};

export type Comment = ListedComment & {
  location: "footer" | "inline";
  /** The text of the page that the thread is about. */
  selection: string | null;
  authorId: string | null;
  authorName: string | null;
  createdAt: Date | null;
  modifiedAt: Date | null;
  /** Absolute URL for people: opens the page at the comment. */
  url: string;
  /** In storage format. */
  body: string;
};

export type ConfluencePage = ListedPage & {
  body: { format: "storage" | "export_view"; value: string } | null;
  /** Set if the page has a body that is too large to read (`body` is null then): the page fails with `body_too_large`. */
  bodyTooLarge?: true;
};
