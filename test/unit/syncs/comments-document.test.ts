import { expect, it } from "vitest";
import { chunkThreads } from "#shared/syncs/comments/comments-document.ts";

const comment = {
  id: "1",
  parentId: null,
  location: "footer" as const,
  resolution: null,
  selection: null,
  authorId: null,
  authorName: "Ann Lee",
  createdAt: null,
  modifiedAt: null,
  version: 1,
  url: "",
  body: "",
};

/** What the chunks say of a comment of this Markdown. */
const said = (markdown: string): string =>
  chunkThreads("Title", [{ root: comment, comments: [comment] }], () => markdown, {})
    .chunks.map(({ content }) => content)
    .join("\n\n");

it.each([
  ["```bash\n# stop the pump first\nstop pump\n```", "a fence"],
  ["~~~\n## stop the pump first\n~~~", "a fence of tildes"],
  ["````\n```\n# stop the pump first\n```\n````", "a fence in a fence"],
  ["    # stop the pump first\n    stop pump", "code by its indentation"],
  ["- run\n\n  ```\n  # stop the pump first\n  ```", "a fence in an item"],
])("a line of code that begins with # stays as it is: %j, %s", (markdown) => {
  expect(said(`Please run this:\n\n${markdown}`)).toBe(`Ann Lee: Please run this:\n\n${markdown}`);
});

it("a heading of a comment is bold, before and after code too", () => {
  const code = "```\n# code\n```";
  expect(said(`# Before the pump\n\n${code}\n\n### After the pump\nIt runs.`)).toBe(
    `Ann Lee:\n\n**Before the pump**\n\n${code}\n\n**After the pump**\nIt runs.`,
  );
});
