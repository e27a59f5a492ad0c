/** Markdown's names for the languages of Confluence's highlighters. */
const NAMES = new Map<string, string>(
  Object.entries({
    "c#": "csharp",
    "c++": "cpp",
    actionscript3: "actionscript",
    as3: "actionscript",
    js: "javascript",
    py: "python",
    "html/xml": "xml",
    plain: "",
    none: "",
    text: "",
    "plain text": "",
    abap: "abap",
  }),
);

const LONGEST_NAME = 50;

/** The info string of a fence for the language named in a macro; empty for plain text. */
export function codeLanguage(name: string): string {
  const language = name.trim().toLowerCase();
  return (NAMES.get(language) ?? language)
    .replace(/[^\w+#.-]+/g, "-")
    .replace(/^-+|(?<!-)-+$/g, "")
    .slice(0, LONGEST_NAME);
}
