import { describe, expect, it } from "vitest";
import { readersOf } from "#shared/confluence/rights-mapping.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { unresolvedReferences as resolver } from "#test/support/unresolved-references.ts";

const markdown = (value: string): string => {
  const page = readPage({ format: "storage", value }).toMarkdown(resolver);
  expect(page.textLost).toBeNull();
  return page.markdown;
};
const macro = (name: string, inside: string): string =>
  `<ac:structured-macro ac:name="${name}">${inside}</ac:structured-macro>`;
const rich = "<ac:rich-text-body><p>a</p></ac:rich-text-body>";

/** Names that each object has: looked up in one by what a page says, they are no rules. */
const NAMES = Object.getOwnPropertyNames(Object.prototype);

describe.each(NAMES)("a page that says %s", (name) => {
  it("names a language of code", () => {
    const language = `<ac:parameter ac:name="language">${name}</ac:parameter>`;
    const body = "<ac:plain-text-body>a</ac:plain-text-body>";
    expect(markdown(macro("code", language + body))).toBe(`\`\`\`${name.toLowerCase()}\na\n\`\`\``);
  });

  it("names a style of a list or an item", () => {
    const list = "1. a";
    expect(markdown(`<ol type="${name}"><li>a</li></ol>`)).toBe(list);
    expect(markdown(`<ol><li type="${name}">a</li></ol>`)).toBe(list);
    expect(markdown(`<ol style="list-style-type: ${name}"><li>a</li></ol>`)).toBe(list);
  });

  it("names an emoticon", () => {
    expect(markdown(`<p>a <ac:emoticon ac:name="${name}"/></p>`)).toContain(`a :`);
    expect(markdown(`<p>a <ac:emoticon ac:name="x" ac:emoji-id="${name}"/></p>`)).toBe("a :x:");
    expect(markdown(`<p>a <img class="emoticon" src="/${name}.png"/></p>`)).toContain("a :");
  });

  it("names a macro, or the kind of a box", () => {
    expect(markdown(macro(name, rich))).toBe("a");
    const type = `<ac:parameter ac:name="type">${name}</ac:parameter>`;
    expect(markdown(macro("somebodys-box", type + rich))).toBe("a");
    expect(markdown(macro("alert", type + rich))).toBe("> [!NOTE]\n> a");
  });

  it("grants nothing to a class of readers", () => {
    expect(readersOf([{ type: "access-class", id: name }]).classes).toEqual([]);
  });
});

it.each(NAMES.filter((name) => /^[a-z]/i.test(name)))("a page may name an element %s", (name) => {
  expect(markdown(`<${name}>a</${name}>`)).toBe("a");
  expect(markdown(`<${name} style="text-decoration: line-through">a</${name}>`)).toBe("~~a~~");
  expect(markdown(`<s><p>a</p><${name}><p>b</p></${name}></s>`)).toBe("~~a~~\n\n~~b~~");
});

it("numbers of any size are letters as far as browsers write them", () => {
  const list = (type: string, start: number): string =>
    markdown(`<ol style="list-style-type: ${type}" start="${start}"><li>x</li></ol>`);
  expect(list("lower-greek", 1)).toBe("- α. x");
  expect(list("lower-greek", 18)).toBe("- σ. x");
  expect(list("lower-greek", 24)).toBe("- ω. x");
  expect(list("lower-greek", 25)).toBe("- αα. x");
  expect(list("lower-greek", 2_000_000)).toMatch(/^- [α-ω]+\. x$/);
  expect(list("lower-latin", 27)).toBe("- aa. x");
  expect(list("lower-latin", 999_999_999)).toMatch(/^- [a-z]+\. x$/);
});
