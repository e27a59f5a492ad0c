import type { ChunkPlace } from "#shared/documents/page-to-store.ts";
import type { Piece } from "./pieces.ts";

/** A part of a document that can be asked for by name: the pieces from `from` up to `to`. */
export type Section = {
  heading: string;
  /** The headings around it, outermost first, and its own. */
  path: readonly string[];
  /** 1 to 6; of pages, slides, sheets and threads 1. */
  level: number;
  from: number;
  to: number;
};

/** What a document's headings divide it into; without any, its pages, slides, sheets or threads. */
export function sectionsOf(pieces: readonly Piece[]): Section[] {
  const byHeading = sectionsByHeading(pieces);
  return byHeading.length > 0 ? byHeading : sectionsByPlace(pieces);
}

/**
 * The sections that a heading means, best first: by the heading itself, by the end of its path (`Parent › Heading`), by the titles that
 * search shows above a chunk, by page, slide or sheet. Case and white space do not count.
 */
export function findSections(pieces: readonly Piece[], heading: string): Section[] {
  const asked = folded(heading);
  if (asked === "") return [];
  const sections = sectionsByHeading(pieces);
  const ways: (() => Section[])[] = [
    () => sections.filter((section) => folded(section.heading) === asked),
    () => sections.filter(({ path }) => endsWithPath(path, asked)),
    () => sectionsByPath(pieces, asked),
    () => sectionsByPlace(pieces).filter((section) => namesPlace(section, asked)),
  ];
  for (const way of ways) {
    const found = way();
    if (found.length > 0) return found;
  }
  const withoutMarks = heading.replace(/^\s*#+\s+/, "");
  return withoutMarks === heading ? [] : findSections(pieces, withoutMarks);
}

/** `Page 3`, `Slide 2`, `Sheet Budget`; null of what is in no file. */
export function placeTitle(place: ChunkPlace | null): string | null {
  if (place === null || "comment_id" in place) return null;
  if ("page" in place) return `Page ${place.page}`;
  return "slide" in place ? `Slide ${place.slide}` : `Sheet ${place.sheet}`;
}

function sectionsByHeading(pieces: readonly Piece[]): Section[] {
  const sections: Section[] = [];
  let open: Section[] = [];
  pieces.forEach(({ heading, place }, index) => {
    // A slide, a sheet or a thread ends what is open; a page of a document does not.
    if (place && !("page" in place) && pieces[index]?.opensPlace) open = closed(open, 0, index);
    if (!heading) return;
    open = closed(open, heading.level, index);
    const path = [...open.map((section) => section.heading), heading.title];
    const section = { heading: heading.title, path, level: heading.level, from: index, to: pieces.length };
    sections.push(section);
    open.push(section);
  });
  return sections;
}

/** The sections that stay open when one of this level begins; the others end here. */
function closed(open: readonly Section[], level: number, at: number): Section[] {
  for (const section of open) if (section.level >= level) section.to = at;
  return open.filter((section) => section.level < level);
}

function sectionsByPlace(pieces: readonly Piece[]): Section[] {
  const starts = pieces.flatMap((piece, index) => (piece.opensPlace ? [{ piece, index }] : []));
  return starts.map(({ piece, index }, number) => {
    const heading = placeTitle(piece.place) ?? piece.headingPath.at(-1) ?? "";
    return {
      heading,
      path: [heading],
      level: 1,
      from: index,
      to: starts[number + 1]?.index ?? pieces.length,
    };
  });
}

/** Runs of pieces under a path of titles that are no headings: of an expand, a tab, a list. */
function sectionsByPath(pieces: readonly Piece[], asked: string): Section[] {
  const depthOf = ({ headingPath }: Piece): number =>
    headingPath.findIndex((_, index) => endsWithPath(headingPath.slice(0, index + 1), asked));
  const from = pieces.findIndex((piece) => depthOf(piece) !== -1);
  const first = pieces[from];
  if (!first) return [];
  const path = first.headingPath.slice(0, depthOf(first) + 1);
  let to = from + 1;
  while (path.every((title, index) => pieces[to]?.headingPath[index] === title)) to += 1;
  return [{ heading: path.at(-1) ?? "", path, level: Math.min(6, path.length), from, to }];
}

function endsWithPath(path: readonly string[], asked: string): boolean {
  const whole = folded(path.join("›"));
  return whole === asked || whole.endsWith(`›${asked}`);
}

function namesPlace({ heading }: Section, asked: string): boolean {
  const name = folded(heading);
  return name === asked || name === `sheet ${asked}`;
}

function folded(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .replace(/\s?[›>]\s?/g, "›")
    .trim();
}
