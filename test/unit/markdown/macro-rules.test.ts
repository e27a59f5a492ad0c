import { describe, expect, it } from "vitest";
import { KNOWN_MACROS, MACRO_KINDS, namesOf } from "#shared/markdown/elements/macro-rules.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";
import { MACRO_EXAMPLES, plain, rich, secret } from "./macro-examples.ts";

const NAMES = Object.entries(MACRO_EXAMPLES).flatMap(([kind, example]) =>
  // The keys of a constant object are its type's.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  namesOf(MACRO_KINDS[kind as keyof typeof MACRO_KINDS]).map((name) => ({ kind, name, ...example })),
);

it("each macro is of one kind only", () => {
  expect(NAMES.map(({ name }) => name).sort()).toEqual([...KNOWN_MACROS].sort());
});

const markdownOf = (body: string): string =>
  readPage({ format: "storage", value: body }).toMarkdown(resolver).markdown;

describe.each(NAMES)("$name ($kind)", ({ name, inside, markdown, rendered = false }) => {
  const macro = `<ac:structured-macro ac:name="${name}" ac:schema-version="1" ac:macro-id="7">${inside}</ac:structured-macro>`;

  it("a macro is converted as its kind requires, and no text is lost", () => {
    expect(readPage({ format: "storage", value: macro }).toMarkdown(resolver)).toMatchObject({
      markdown,
      textLost: null,
    });
  });

  it("a macro's form of Confluence 3 and 4, and its name in capitals, are converted alike", () => {
    const old = inside.replace(
      /<ac:parameter ac:name="">([\s\S]*?)<\/ac:parameter>/,
      "<ac:default-parameter>$1</ac:default-parameter>",
    );
    expect(markdownOf(`<ac:macro ac:name="${name}">${old}</ac:macro>`)).toBe(markdown);
    expect(markdownOf(`<ac:macro ac:name="${name.toUpperCase()}">${old}</ac:macro>`)).toBe(markdown);
  });

  it("a macro needs the rendered body or not, as its kind requires", () => {
    expect(readPage({ format: "storage", value: macro }).macrosToRender).toEqual(rendered ? [name] : []);
  });
});

it.each(["somebodys-macro", "testsimplemacro", "macroName", "not-a-real-macro"])(
  "the unknown macro %s keeps its body and never its parameters",
  (name) => {
    const macro = (inside: string): string =>
      `<ac:structured-macro ac:name="${name}">${inside}</ac:structured-macro>`;
    expect(markdownOf(macro(secret + rich))).toBe("body");
    expect(markdownOf(macro(secret + plain))).toBe("```\na -> b\n```");
    expect(markdownOf(macro(secret))).toBe("");
    expect(readPage({ format: "storage", value: macro(secret + rich) }).macrosToRender).toEqual([]);
    expect(readPage({ format: "storage", value: macro(secret) }).macrosToRender).toEqual([name]);
  },
);
