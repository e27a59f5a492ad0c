import { expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";

const resolver = {
  pageUrl: () => null,
  attachmentUrl: () => null,
  userName: () => null,
  absoluteUrl: (href: string) => href,
};

it("keeps a rendered table of contents as the list that the page shows, and says nothing for one not rendered", () => {
  const rendered = `<div class="toc-macro" data-macro-name="toc"><ul class="toc-indentation"><li><a href="#one">One</a></li></ul></div><h1 id="one">One</h1>`;
  expect(readPage({ format: "export_view", value: rendered }).toMarkdown(resolver)).toEqual({
    markdown: "- [One](#one)\n\n# One",
    textLost: null,
  });
  const stored = `<ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro><h1>One</h1>`;
  expect(readPage({ format: "storage", value: stored }).toMarkdown(resolver).markdown).toBe("# One");
});
