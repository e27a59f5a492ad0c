import type { Announcement, LoggedRequest, MediaRequest, RestHook } from "./recorded-requests.ts";
import { createDirectory, type Directory } from "./directory.ts";
import type { Fault } from "./faults.ts";
import { defaultSettings, type SiteSettings } from "./settings.ts";

/**
 * The state of a simulated Confluence Cloud site, apart from HTTP, so that a simulation drives it without a port. Time and
 * randomness are given; ids are counted up, so that the same calls make the same site.
 */
export type Site = {
  /** The site's own clock, with the offset that the settings add. */
  readonly now: () => Date;
  readonly random: () => number;
  /** Address without a path, as links in responses begin with. */
  url: string;
  /** Address of the second host, which files are downloaded from. */
  mediaUrl: string;
  settings: SiteSettings;
  readonly spaces: Map<string, Space>;
  /** Pages and blog posts, in ascending order of ids, as listings by id go. */
  readonly pages: Map<string, SitePage>;
  readonly folders: Map<string, Folder>;
  readonly comments: Map<string, SiteComment>;
  readonly attachments: Map<string, SiteAttachment>;
  /** Display names by account id. */
  readonly people: Map<string, string>;
  readonly directory: Directory;
  /** Ids of labels by name. */
  readonly labels: Map<string, string>;
  readonly index: SearchIndex;
  faults: Fault[];
  requests: LoggedRequest[];
  mediaRequests: MediaRequest[];
  /** Deliveries that the server is to send. */
  announcements: Announcement[];
  /** Registered REST hooks, by id: edits fire them, where the site has a port. */
  restHooks: Map<number, RestHook>;
  lastId: bigint;
};

export type Space = {
  id: string;
  key: string;
  name: string;
  status: "current" | "archived";
  createdAt: Date;
  homepageId: string | null;
  /** Whether the account sees the space at all. */
  visible: boolean;
};

/** Kinds of content with a title and a body of their own, by their v1 names. A blog post has no parent. */
export type PageKind = "page" | "blogpost";

export type ContentVersion = { number: number; createdAt: Date; authorId: string; message: string };

export type SitePage = {
  id: string;
  kind: PageKind;
  title: string;
  spaceId: string;
  /** A page or a folder; null at the top of the space. */
  parentId: string | null;
  position: number;
  status: "draft" | "current" | "archived" | "trashed" | "deleted";
  labels: string[];
  createdAt: Date;
  authorId: string;
  version: ContentVersion;
  /** Storage format. */
  storage: string;
  /** The body as it was rendered elsewhere; null: rendered from the storage on request. */
  rendered: string | null;
  /** What the version before this one was; absent in the first. */
  before?: Pick<SitePage, "title" | "version" | "storage" | "rendered">;
  /** A live doc: its text may change without a version. */
  subtype: "live" | null;
  /** The text, while what the API shows as the body is empty. */
  hiddenStorage?: string;
  /** What the search calls last modified, when that is not its version's date. */
  modifiedAt?: Date;
  /** Who sees the page and all below it. */
  visibleTo: "everyone" | "account" | "nobody";
};

/** How an inline comment stands, by its v2 names. */
export const RESOLUTIONS = ["open", "reopened", "resolved", "dangling"] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export type SiteComment = {
  id: string;
  kind: "comment";
  /** The page, blog post or attachment. */
  containerId: string;
  /** The comment that this one replies to. */
  parentId: string | null;
  location: "footer" | "inline";
  /** The text that an inline comment was written on. */
  selection: string | null;
  resolution: { status: Resolution; changedAt: Date | null; changedBy: string | null };
  /** Storage format. */
  body: string;
  createdAt: Date;
  authorId: string;
  version: ContentVersion;
  /** What the search calls last modified. */
  modifiedAt: Date;
};

export type SiteAttachment = {
  /** `att` and a number. */
  id: string;
  kind: "attachment";
  title: string;
  /** The page or blog post. */
  containerId: string;
  status: "current" | "trashed";
  createdAt: Date;
  authorId: string;
  version: ContentVersion;
  /** Oldest first. */
  files: FileVersion[];
  /** What the search calls last modified. */
  modifiedAt: Date;
};

export type FileVersion = {
  number: number;
  fileId: string;
  mediaType: string;
  bytes: Uint8Array;
  /** What listings say its size is. */
  size: number;
  /** The media host does not have it. */
  lost: boolean;
};

/** Any content that the search finds. */
export type SiteContent = SitePage | SiteComment | SiteAttachment;

/** Kinds of content above pages that are not pages, by their v2 names. */
export type FolderKind = "folder" | "whiteboard" | "database" | "embed";

export type Folder = {
  id: string;
  kind: FolderKind;
  title: string;
  spaceId: string;
  parentId: string | null;
  createdAt: Date;
  /** What the search calls last modified. */
  modifiedAt: Date;
};

/** The search's copy of content, from some time ago. */
export type IndexEntry = {
  id: string;
  type: SiteContent["kind"] | FolderKind;
  spaceKey: string;
  title: string;
  labels: readonly string[];
  created: number;
  lastModified: number;
};

/** The search index: what it shows, and changes that it has yet to take in. */
export type SearchIndex = {
  readonly entries: Map<string, IndexEntry>;
  waiting: { at: number; id: string; entry: IndexEntry | null }[];
};

/** The account that every e-mail address with the right token belongs to. */
export const ACCOUNT_ID = "712020:8a51c1de-2c7e-4f3a-9d0b-5d1f6a2b7c90";

export type SiteOptions = {
  now: () => Date;
  random: () => number;
  url?: string;
  settings?: Partial<SiteSettings>;
};

/** An empty site. */
export function createSite(options: SiteOptions): Site {
  const site: Site = {
    now: () => new Date(options.now().getTime() + site.settings.clock_offset_seconds * 1000),
    random: options.random,
    url: options.url ?? "https://demo.atlassian.net",
    mediaUrl: "https://api.media.atlassian.com",
    settings: { ...defaultSettings(), ...options.settings },
    spaces: new Map(),
    pages: new Map(),
    folders: new Map(),
    comments: new Map(),
    attachments: new Map(),
    people: new Map([[ACCOUNT_ID, "Sync Account"]]),
    directory: createDirectory(ACCOUNT_ID),
    labels: new Map(),
    index: { entries: new Map(), waiting: [] },
    faults: [],
    requests: [],
    mediaRequests: [],
    announcements: [],
    restHooks: new Map(),
    lastId: 98_304n,
  };
  return site;
}

/** The site as one of its replicas shows it that trails by `seconds`. */
export function replicaOf(site: Site, seconds: number): Site {
  const reached = site.now().getTime() - seconds * 1000;
  const pages = [...site.pages].map(([id, page]): [string, SitePage] => [
    id,
    page.version.createdAt.getTime() > reached ? { ...page, ...page.before } : page,
  ]);
  return { ...site, pages: new Map(pages) };
}

/** The next id; above every id that was loaded, so that pages stay in ascending order. */
export function newId(site: Site): string {
  site.lastId += 1n;
  return String(site.lastId);
}

/** A space by its key, in any case, as Confluence takes it. */
export function spaceByKey(site: Site, key: string): Space | undefined {
  for (const space of site.spaces.values()) {
    if (space.key.toLowerCase() === key.toLowerCase()) return space;
  }
  return undefined;
}

/** The ancestors of a page, from the top of the space to its parent. */
export function ancestorsOf(site: Site, page: { parentId: string | null }): (SitePage | Folder)[] {
  const chain: (SitePage | Folder)[] = [];
  for (let id = page.parentId; id !== null;) {
    const parent: SitePage | Folder | undefined = site.pages.get(id) ?? site.folders.get(id);
    if (!parent) break;
    chain.unshift(parent);
    id = parent.parentId;
  }
  return chain;
}

/** Pages and folders directly under a page or folder; under the top of a space when `parentId` is null. */
export function childrenOf(site: Site, spaceId: string, parentId: string | null): (SitePage | Folder)[] {
  const isChild = (item: SitePage | Folder) => item.spaceId === spaceId && item.parentId === parentId;
  return [
    ...[...site.pages.values()].filter(
      (page) => page.kind === "page" && page.status === "current" && isChild(page),
    ),
    ...[...site.folders.values()].filter(isChild),
  ];
}

/** What v2 calls a page's `parentType`. */
export function parentTypeOf(site: Site, parentId: string | null): string | null {
  return parentId === null ? null : (site.folders.get(parentId)?.kind ?? "page");
}

export function isPage(item: SitePage | Folder): item is SitePage {
  return "storage" in item;
}

export function isFolder(item: SiteContent | Folder): item is Folder {
  return !("version" in item);
}

/** The id of a label, made at its first use. */
export function labelId(site: Site, name: string): string {
  const known = site.labels.get(name);
  if (known !== undefined) return known;
  const id = newId(site);
  site.labels.set(name, id);
  return id;
}
