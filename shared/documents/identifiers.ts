/** Names in a text that a text search parser would take apart: `ERR_CONN_42`, `foo.bar()`, `JENKINS-1234`, `C#`, `--no-cache`. */
export type Identifiers = {
  /** Each as one word, in lower case. */
  whole: string[];
  /** The words that they consist of, for people who remember only one of them. */
  parts: string[];
};

/** Longer ones are data (hashes, base64), not names. */
const MAX_LENGTH = 80;

const candidate = /[\p{L}\p{N}_]+(?:(?:\.|::|->|-|\/)[\p{L}\p{N}_]+)*/gu;
/** A word is a name if it has an inner separator, a hyphen beside a digit, or a camel-case hump. */
const isName = /[\p{L}\p{N}_](?:_|\.|::|->)[\p{L}\p{N}_]|-\p{N}|\p{N}-|\p{Ll}\p{Lu}/u;
const seams = /[._:>/-]+|(?<=\p{Ll})(?=\p{Lu})/u;

/** Names with punctuation that others lack: `C#`, `C++`, `.net`, `--no-cache`, `-Xmx512m`, `/etc/hosts`, `C:\Windows\System32`. */
const punctuated = [
  /(?<![\p{L}\p{N}_])\p{L}[\p{L}\p{N}]*(?:#|\+\+)(?![\p{L}\p{N}_#+])/gu,
  /(?<![\p{L}\p{N}_.)\]/\\-])\.\p{L}[\p{L}\p{N}_]*(?:[.-][\p{L}\p{N}_]+)*/gu,
  /(?<![\p{L}\p{N}_-])--\p{L}[\p{L}\p{N}_]*(?:[.-][\p{L}\p{N}_]+)*/gu,
  // With one hyphen, words in prose too; a flag has an inner capital or a digit.
  /(?<![\p{L}\p{N}_-])-\p{L}(?=\p{L}*[\p{Lu}\p{N}])[\p{L}\p{N}_]*(?:[.-][\p{L}\p{N}_]+)*/gu,
  /(?<![\p{L}\p{N}_])\p{L}:(?:\\[\p{L}\p{N}_@+~-]+(?:\.[\p{L}\p{N}_@+~-]+)*)+/gu,
  /(?<![\p{L}\p{N}_./:~<-])~?(?:\/\.?[\p{L}\p{N}_@+-]+(?:\.[\p{L}\p{N}_@+-]+)*){2,}/gu,
];
const mayBePunctuated = /\p{L}[#+]|[.-]\p{L}|:\\|\/\.?[\p{L}\p{N}_@+-]/u;

/** A name, and where it stands in its text. */
export type Name = {
  /** In lower case. */
  whole: string;
  parts: string[];
  start: number;
  end: number;
};

export function findIdentifiers(text: string): Identifiers {
  const names = findNames(text);
  return {
    whole: [...new Set(names.map((name) => name.whole))],
    parts: [...new Set(names.flatMap((name) => name.parts))],
  };
}

/** The names of a text. They may overlap: `/var/log/app.log` contains `var/log/app.log`. */
export function findNames(text: string): Name[] {
  const names: Name[] = [];
  const add = ({ 0: name, index: start }: RegExpExecArray, parts: string[]) =>
    names.push({ whole: name.toLowerCase(), parts, start, end: start + name.length });
  for (const match of text.matchAll(candidate)) {
    const [name] = match;
    if (name.length < 3 || name.length > MAX_LENGTH || !isName.test(name) || isNumber(name)) continue;
    add(
      match,
      name.split(seams).filter((part) => part.length > 1),
    );
  }
  if (!mayBePunctuated.test(text)) return names;
  for (const pattern of punctuated)
    for (const match of text.matchAll(pattern)) if (match[0].length <= MAX_LENGTH) add(match, []);
  return names;
}

/** `3.14` and `2024-01-05` are found by the parser as they are; `1.2.3` is a version. */
function isNumber(name: string): boolean {
  return /^[\p{N}._/-]+$/u.test(name) && !/^\p{N}+(?:\.\p{N}+){2,}$/u.test(name);
}

const lowered = /(?<![\p{L}\p{N}])[\p{L}\p{N}]+(?:<(su[bp])>[\p{L}\p{N}]+<\/\1>[\p{L}\p{N}]*)+/gu;

/** Words with raised or lowered characters, which Markdown keeps as HTML, in one piece: `CO<sub>2</sub>` is co2. */
export function raisedWords(markdown: string): string[] {
  if (!markdown.includes("</su")) return [];
  return Array.from(markdown.matchAll(lowered), ([found]) => unraised(found).toLowerCase());
}

/** A query as the text with its words: `CO<sub>2</sub>` is CO2. */
export function joinRaised(query: string): string {
  return query.replaceAll(lowered, unraised);
}

const unraised = (found: string) => found.replaceAll(/<\/?su[bp]>/g, "");
