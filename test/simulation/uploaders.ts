import { pageOf } from "#infra/local/confluence-site/content.ts";
import {
  changeFile,
  loseFile,
  presentFile,
  purgeFile,
  replaceFile,
  restoreFile,
  trashFile,
  uploadFile,
} from "#infra/local/confluence-site/file-edits.ts";
import type { Site, SiteAttachment } from "#infra/local/confluence-site/site.ts";
import { isCurrent } from "#infra/local/confluence-site/visibility.ts";
import { makeAbsences, orRefused } from "./absences.ts";
import { OTHER_SPACE, SPACE, type People } from "./people.ts";
import type { Random } from "./random.ts";

/** What an observer knows of the files on a site. */
export type Uploaders = {
  /** One random deed; null if it was not possible. */
  act: () => string | null;
  /** Uploads a file or a new version of one; null if nobody can. */
  edit: () => string | null;
  /** Records which files the account is shown now. */
  observe: () => void;
  /** Instants (ms) at which the file was not shown, as intervals; open ones end at Infinity. Undefined: never uploaded. */
  absences: (id: string) => readonly (readonly [number, number])[] | undefined;
  /** Pages and posts that the file is or was on. */
  homes: (id: string) => ReadonlySet<string>;
  /** Names that the file has had, oldest first; each is given once. */
  names: (id: string) => readonly string[];
  /** Whether a query by time, or a first listing, must find the file's present version. */
  findableByTime: (id: string) => boolean;
  /** All files are listed next: those that are shown must be found. */
  listedNext: () => void;
  /** The file and version that a text is of. */
  ownerOfWord: (word: string) => { id: string; version: number } | undefined;
  /** What the index must have of the file's present version. */
  expected: (file: SiteAttachment) => { result: FileResult; words: readonly string[] };
};

type FileResult = "text" | "no_text" | "unsupported_type" | "extraction_failed" | "too_large";

/** Numbers of words that neither pages, posts nor comments have. */
const FIRST_WORD = 6_000_000;

type FileKind = {
  weight: number;
  ending: string;
  mediaType: string;
  result: FileResult;
  text: (word: string) => string;
  /** What listings say its size is, where that is not true. */
  size?: number;
};

const FILE_KINDS: readonly FileKind[] = [
  {
    weight: 5,
    ending: "md",
    mediaType: "text/markdown",
    result: "text",
    text: (word) => `# Notes\n\n${word}x0 is in this file.\n\n## More\n\n${word}x1 is in it too.\n`,
  },
  {
    weight: 3,
    ending: "csv",
    mediaType: "text/csv",
    result: "text",
    text: (word) => `Name,Value\n${word}x0,1\n${word}x1,2\n`,
  },
  { weight: 3, ending: "txt", mediaType: "text/plain", result: "text", text: (word) => `${word}x0 in plain` },
  { weight: 1, ending: "mp4", mediaType: "video/mp4", result: "unsupported_type", text: (word) => word },
  {
    weight: 1,
    ending: "xlsx",
    mediaType: "application/octet-stream",
    result: "extraction_failed",
    text: () => "no archive",
  },
  { weight: 1, ending: "log", mediaType: "text/plain", result: "no_text", text: () => "" },
  {
    weight: 1,
    ending: "text",
    mediaType: "text/plain",
    result: "too_large",
    text: () => "small",
    size: 60 * 2 ** 20,
  },
];

/** `mayLose`: the media host loses files, and finds them again. */
export function makeUploaders(
  site: Site,
  random: Random,
  { people, clock, mayLose }: { people: People; clock: () => number; mayLose: boolean },
): Uploaders {
  let words = FIRST_WORD;
  const findable = new Set<string>();
  const kinds = new Map<string, FileKind>();
  const homes = new Map<string, Set<string>>();
  const names = new Map<string, string[]>();
  const owners = new Map<string, { id: string; version: number }>();
  const wordsOf = new Map<string, string[]>();
  const choices = FILE_KINDS.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));

  const isShown = (file: SiteAttachment) => {
    const page = pageOf(site, file);
    return page !== undefined && isCurrent(site, file) && people.shows(page.id);
  };
  const isIn = (file: SiteAttachment, key: string) =>
    site.spaces.get(pageOf(site, file)?.spaceId ?? "")?.key === key;
  const files = (key = SPACE) =>
    [...site.attachments.values()].filter((file) => isCurrent(site, file) && isIn(file, key));
  const pages = (key = SPACE) =>
    [...site.pages.values()].filter(
      (page) => page.status === "current" && site.spaces.get(page.spaceId)?.key === key,
    );
  const content = (kind: FileKind) => {
    const text = kind.text(`word${(words += 1)}`);
    const { mediaType, size } = kind;
    const file = { bytes: Buffer.from(text), mediaType, ...(size === undefined ? {} : { size }) };
    return { text, file };
  };
  const written = (file: SiteAttachment, text: string) => {
    const { number: version } = file.version;
    wordsOf.set(file.id, text.match(/word\d+x\d+/g) ?? []);
    for (const word of wordsOf.get(file.id) ?? []) owners.set(word, { id: file.id, version });
    if (isShown(file)) findable.add(file.id);
  };
  const one = (among: SiteAttachment[], deed: (file: SiteAttachment) => string | null) => {
    const file = random.pick(among);
    return file ? deed(file) : null;
  };
  const upload = () => {
    const page = random.pick(pages());
    const kind = random.pick(choices);
    if (!page || !kind) return null;
    const { text, file } = content(kind);
    const title = `Report ${words}.${kind.ending}`;
    const made = uploadFile(site, { ...file, containerId: page.id, title });
    kinds.set(made.id, kind);
    homes.set(made.id, new Set([page.id]));
    names.set(made.id, [title]);
    written(made, text);
    return `upload ${made.id} ${title} to ${page.id}`;
  };
  const replace = () =>
    one(files(), (file) => {
      const kind = kinds.get(file.id);
      if (!kind) return null;
      const { text, file: bytes } = content(kind);
      replaceFile(site, file.id, bytes);
      written(file, text);
      return `replace file ${file.id}: version ${file.version.number}`;
    });
  const move = (from: string, to: string) =>
    one(files(from), (file) => {
      const page = random.pick(pages(to));
      if (!page || page.id === file.containerId) return null;
      changeFile(site, file.id, { containerId: page.id });
      homes.get(file.id)?.add(page.id);
      // Until a listing of all files the index has it on the page that it was on, which may go.
      if (!site.settings.file_properties_move_date) findable.delete(file.id);
      return `move file ${file.id} to ${page.id}`;
    });

  const deeds: readonly [number, () => string | null][] = [
    [6, upload],
    [5, replace],
    [
      3,
      () =>
        one(files(), (file) => {
          const title = `Renamed report ${(words += 1)}.${kinds.get(file.id)?.ending}`;
          changeFile(site, file.id, { title });
          names.get(file.id)?.push(title);
          return `rename file ${file.id} to ${title}`;
        }),
    ],
    [3, () => move(SPACE, SPACE)],
    [1, () => move(SPACE, OTHER_SPACE)],
    [1, () => move(OTHER_SPACE, SPACE)],
    [3, () => one(files(), (file) => (trashFile(site, file.id), `trash file ${file.id}`))],
    [
      1,
      () => {
        if (files().length < 14) return null;
        const cleared = files().filter(() => random.chance(0.8));
        for (const file of cleared) trashFile(site, file.id);
        return `trash ${cleared.length} files at once`;
      },
    ],
    [
      2,
      () =>
        one(
          [...site.attachments.values()].filter(({ status }) => status === "trashed"),
          (file) => (restoreFile(site, file.id), `restore file ${file.id}`),
        ),
    ],
    [
      1,
      () =>
        one([...site.attachments.values()], (file) => (purgeFile(site, file.id), `purge file ${file.id}`)),
    ],
    [
      2,
      () =>
        mayLose
          ? one(files(), (file) => {
              const lost = !presentFile(file).lost;
              loseFile(site, file.id, lost);
              return `the media host ${lost ? "loses" : "finds"} file ${file.id}`;
            })
          : null,
    ],
  ];
  const bag = deeds.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed));

  const absences = makeAbsences({
    ids: () => site.attachments.keys(),
    isShown: (id) => {
      const file = site.attachments.get(id);
      return file !== undefined && isShown(file);
    },
    clock,
    // When it comes back, no query by time finds it.
    onAbsent: (id) => findable.delete(id),
  });
  const attempt = (deed: () => string | null) => orRefused(deed, absences.observe);
  return {
    act: () => attempt(() => random.pick(bag)?.() ?? null),
    edit: () => attempt(() => (random.chance(0.5) ? upload() : (replace() ?? upload()))),
    observe: absences.observe,
    absences: absences.of,
    homes: (id) => homes.get(id) ?? new Set(),
    names: (id) => names.get(id) ?? [],
    findableByTime: (id) => findable.has(id),
    listedNext: () => {
      for (const file of site.attachments.values()) if (isShown(file)) findable.add(file.id);
    },
    ownerOfWord: (word) => owners.get(word),
    expected: ({ id }) => ({ result: kinds.get(id)?.result ?? "text", words: wordsOf.get(id) ?? [] }),
  };
}
