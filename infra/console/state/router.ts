export const SOURCE_TABS = ["overview", "timeline", "pages", "held", "settings"] as const;
export type SourceTab = (typeof SOURCE_TABS)[number];
export const PAGE_TABS = ["markdown", "chunks", "changes", "who", "files"] as const;
export type PageTab = (typeof PAGE_TABS)[number];

export type Route =
  | { screen: "sources" }
  | { screen: "connect" }
  | { screen: "source"; sourceId: string; tab: SourceTab }
  | { screen: "page"; sourceId: string; pageId: string; tab: PageTab }
  | { screen: "operation"; operationId: string }
  | { screen: "search" }
  | { screen: "health" }
  | { screen: "unknown"; path: string };

export type Query = Readonly<Record<string, string>>;
export type Place = { route: Route; query: Query };

/** The screen that a hash like `#/sources/ID?tab=pages&status=failed` names, and its query; what it does not know is `unknown`. */
export function parseHash(hash: string): Place {
  const [path, search] = split(hash.replace(/^#/, ""));
  const query = Object.fromEntries(new URLSearchParams(search));
  return { route: routeOf(path, query), query };
}

function routeOf(path: string, query: Query): Route {
  const unknown: Route = { screen: "unknown", path };
  const parts = decode(path);
  if (parts === null) return unknown;
  const [first, second, third, fourth] = parts;
  if (first === undefined) return { screen: "sources" };
  if (parts.length === 1 && (first === "connect" || first === "search" || first === "health"))
    return { screen: first };
  if (first === "operations" && parts.length === 2 && second)
    return { screen: "operation", operationId: second };
  if (first !== "sources" || !second) return unknown;
  if (parts.length === 2)
    return { screen: "source", sourceId: second, tab: oneOf(SOURCE_TABS, query.tab) ?? "overview" };
  if (third !== "pages" || !fourth || parts.length > 4) return unknown;
  return { screen: "page", sourceId: second, pageId: fourth, tab: oneOf(PAGE_TABS, query.tab) ?? "markdown" };
}

/** Null: the percent-encoding is malformed. */
function decode(path: string): string[] | null {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent);
  } catch {
    return null;
  }
}

function split(target: string): [string, string] {
  const mark = target.indexOf("?");
  return mark === -1 ? [target, ""] : [target.slice(0, mark), target.slice(mark + 1)];
}

/** The hash of a place; empty values are left out. */
export function hashOf(
  parts: readonly string[],
  query: Record<string, string | null | undefined> = {},
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
  const text = search.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

type Extra = Record<string, string | null | undefined>;

/** Links to each screen. */
export const to = {
  sources: () => hashOf([]),
  connect: () => hashOf(["connect"]),
  source: (sourceId: string, tab?: SourceTab, query: Extra = {}) =>
    hashOf(["sources", sourceId], { tab: tab === "overview" ? undefined : tab, ...query }),
  page: (sourceId: string, pageId: string, tab?: PageTab) =>
    hashOf(["sources", sourceId, "pages", pageId], { tab: tab === "markdown" ? undefined : tab }),
  operation: (operationId: string, query: Extra = {}) => hashOf(["operations", operationId], query),
  search: (query: Extra = {}) => hashOf(["search"], query),
  health: (query: Extra = {}) => hashOf(["health"], query),
};

/** The value, if it is one of these. */
export function oneOf<const T extends string>(
  values: readonly T[],
  value: string | undefined,
): T | undefined {
  return values.find((one) => one === value);
}
