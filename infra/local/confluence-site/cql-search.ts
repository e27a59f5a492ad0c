import { instantOf } from "./account-zone.ts";
import { CqlError, parseCql, type Condition, type CqlValue, type Operator } from "./cql-parser.ts";
import { searchableEntries } from "./search-index.ts";
import { contentById, foundById, numberOf } from "./content.ts";
import { ancestorsOf, type Folder, type IndexEntry, type Site, type SiteContent } from "./site.ts";
import { shownContainerId } from "./v1-comments.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";

/** A hit: the index's entry, the content as it is now, and what the hits are ordered by. */
export type Hit = { entry: IndexEntry; content: SiteContent | Folder; value: string | number };

const MINUTE_MS = 60_000;

/**
 * The content that a query finds, in its order (then by id). What the index shows decides; what has left since, or the viewer
 * may not see, is no hit. Throws `CqlError`.
 */
export function searchSite(site: Site, viewer: Viewer, cql: string): { hits: Hit[]; descending: boolean } {
  const query = parseCql(cql);
  const matches = query.where ? compile(site, query.where) : () => true;
  const [order] = query.orderBy;
  const valueOf = orderValue(order?.field ?? "lastmodified");
  const hits: Hit[] = [];
  for (const entry of searchableEntries(site)) {
    if (!matches(entry)) continue;
    const content = foundById(site, entry.id);
    if (content && isCurrent(site, content) && canSee(site, viewer, content)) {
      hits.push({ entry, content, value: valueOf(entry) });
    }
  }
  // Without an order Confluence sorts by relevance; newest first replaces it.
  const descending = order ? order.descending : true;
  hits.sort((a, b) => compareHits(a, b, descending));
  return { hits, descending };
}

/** The order of two places in a search: by value, then by id. */
export function compareHits(
  a: { value: string | number; id: string } | Hit,
  b: { value: string | number; id: string } | Hit,
  descending: boolean,
): number {
  const byValue = a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  if (byValue !== 0) return descending ? -byValue : byValue;
  return Number(numberOf(idOf(a)) - numberOf(idOf(b)));
}

function idOf(place: { id: string } | Hit): string {
  return "id" in place ? place.id : place.entry.id;
}

function orderValue(field: string): (entry: IndexEntry) => string | number {
  switch (field) {
    case "lastmodified":
      return (entry) => entry.lastModified;
    case "created":
      return (entry) => entry.created;
    case "title":
      return (entry) => entry.title;
    case "id":
      return (entry) => Number(numberOf(entry.id));
    default:
      throw new CqlError(`Cannot order by ${field}`);
  }
}

type Test = (entry: IndexEntry) => boolean;

function compile(site: Site, condition: Condition): Test {
  if (condition.kind === "not") {
    const inner = compile(site, condition.condition);
    return (entry) => !inner(entry);
  }
  if (condition.kind !== "compare") {
    const left = compile(site, condition.left);
    const right = compile(site, condition.right);
    return condition.kind === "and"
      ? (entry) => left(entry) && right(entry)
      : (entry) => left(entry) || right(entry);
  }
  const { field, operator, values } = condition;
  switch (field) {
    case "space":
    case "space.key":
      return membership(operator, values, (entry) => [entry.spaceKey.toLowerCase()], true);
    case "type":
      requireSupported(site, values);
      return membership(operator, values, (entry) => [entry.type], true);
    case "id":
    case "content":
      return membership(operator, values, (entry) => [entry.id], false);
    case "container":
      return membership(operator, values, (entry) => containerOf(site, entry), false);
    case "label":
      return membership(operator, values, (entry) => entry.labels, true);
    case "parent":
      return membership(operator, values, (entry) => lineOf(site, entry).slice(-1), false);
    case "ancestor":
      return membership(operator, values, (entry) => lineOf(site, entry), false);
    case "title":
      return titleTest(operator, values);
    case "lastmodified":
    case "created":
      return timeTest(site, field === "created" ? "created" : "lastModified", operator, values);
    default:
      throw new CqlError(`No field exists with name '${field}'`);
  }
}

function requireSupported(site: Site, values: CqlValue[]): void {
  const refused = values.map(plainText).find((type) => site.settings.unsupported_types.includes(type));
  if (refused !== undefined) throw new CqlError(`Unsupported value for type, got : ${refused}`);
}

function lineOf(site: Site, entry: IndexEntry): string[] {
  const page = site.pages.get(entry.id) ?? site.folders.get(entry.id);
  return page ? ancestorsOf(site, page).map((item) => item.id) : [];
}

function containerOf(site: Site, entry: IndexEntry): string[] {
  const content = contentById(site, entry.id);
  return content && "containerId" in content ? [shownContainerId(site, content)] : [];
}

function membership(
  operator: Operator,
  values: CqlValue[],
  of: (entry: IndexEntry) => readonly string[],
  ignoreCase: boolean,
): Test {
  const wanted = values.map((value) => (ignoreCase ? plainText(value).toLowerCase() : plainText(value)));
  const among: Test = (entry) => of(entry).some((value) => wanted.includes(value));
  if (operator === "=" || operator === "in") return among;
  if (operator === "!=" || operator === "not in") return (entry) => !among(entry);
  throw new CqlError(`Operator '${operator}' is not supported here`);
}

function titleTest(operator: Operator, values: CqlValue[]): Test {
  if (operator !== "~" && operator !== "!~")
    return membership(operator, values, (entry) => [entry.title], false);
  const words = values.flatMap((value) => plainText(value).toLowerCase().split(/\s+/));
  const contains: Test = (entry) => words.every((word) => entry.title.toLowerCase().includes(word));
  return operator === "~" ? contains : (entry) => !contains(entry);
}

/** Times have the grain of a minute: `>` a minute means from the next one on. */
function timeTest(
  site: Site,
  field: "created" | "lastModified",
  operator: Operator,
  values: CqlValue[],
): Test {
  const [value] = values;
  if (!value) throw new CqlError("Expected a date");
  const { from, to } = readTime(site, value);
  const tests: Partial<Record<Operator, Test>> = {
    ">=": (entry) => entry[field] >= from,
    ">": (entry) => entry[field] >= to,
    "<": (entry) => entry[field] < from,
    "<=": (entry) => entry[field] < to,
    "=": (entry) => entry[field] >= from && entry[field] < to,
    "!=": (entry) => entry[field] < from || entry[field] >= to,
  };
  const test = tests[operator];
  if (!test) throw new CqlError(`Operator '${operator}' is not supported for dates`);
  return test;
}

/** The minute (or day) that a literal names in the account's zone, or that `now("-90m")` lies in. */
function readTime(site: Site, value: CqlValue): { from: number; to: number } {
  if (value.kind === "call") {
    if (value.name !== "now") throw new CqlError(`No function exists with name '${value.name}'`);
    const from = Math.floor((site.now().getTime() + shift(value.argument)) / MINUTE_MS) * MINUTE_MS;
    return { from, to: from + MINUTE_MS };
  }
  const literal = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?: (\d{1,2}):(\d{2}))?$/.exec(value.text);
  if (!literal) throw new CqlError(`Could not parse date '${value.text}'`);
  const [year, month, day, hour, minute] = [1, 3, 4, 5, 6].map((n) => Number(literal[n] ?? 0));
  const wall = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute);
  const length = literal[5] === undefined ? 24 * 60 * MINUTE_MS : MINUTE_MS;
  const zone = site.settings.time_zone;
  const from = instantOf(wall, zone);
  return { from, to: length === MINUTE_MS ? from + MINUTE_MS : instantOf(wall + length, zone) };
}

const UNIT_MS: Record<string, number> = {
  m: MINUTE_MS,
  h: 60 * MINUTE_MS,
  d: 24 * 60 * MINUTE_MS,
  w: 7 * 24 * 60 * MINUTE_MS,
  M: 30 * 24 * 60 * MINUTE_MS,
  y: 365 * 24 * 60 * MINUTE_MS,
};

function shift(argument: string | null): number {
  if (argument === null) return 0;
  const parts = /^([+-]?\d+)([yMwdhm])$/.exec(argument);
  const unit = parts?.[2] === undefined ? undefined : UNIT_MS[parts[2]];
  if (!parts || unit === undefined) throw new CqlError(`Could not parse time shift '${argument}'`);
  return Number(parts[1]) * unit;
}

function plainText(value: CqlValue): string {
  if (value.kind === "text") return value.text;
  throw new CqlError(`Function '${value.name}' is not supported here`);
}
