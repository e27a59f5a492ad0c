import { expect, it } from "vitest";
import { codeBlocks } from "#functions/api/mcp/archon/code-blocks.ts";

it("code blocks are found with their language and the line before them", () => {
  const markdown =
    "Roll one service back\n\n```bash\nlanternctl rollback\n  --to previous\n```\n\nThen say so.\n\n~~~\nplain\n~~~";
  expect(codeBlocks(markdown)).toEqual([
    { language: "bash", code: "lanternctl rollback\n  --to previous", before: "Roll one service back" },
    { language: "", code: "plain", before: "Then say so." },
  ]);
});

it("code in a list item or a quote loses their indentation and marks, not its own", () => {
  expect(codeBlocks("1. Run\n\n   ```yaml\n   a:\n     - b\n   ```")).toEqual([
    { language: "yaml", code: "a:\n  - b", before: "Run" },
  ]);
  expect(codeBlocks("> ```\n> > quoted\n>\n> ```")).toEqual([
    { language: "", code: "> quoted\n", before: "" },
  ]);
  expect(codeBlocks("- ```sh\n  ls\n  ```")).toEqual([{ language: "sh", code: "ls", before: "" }]);
});

it("a fence inside longer fences is code, and code without an end ends with the text", () => {
  expect(codeBlocks("````md\n```\ninner\n```\n````\n\n```\nopen")).toEqual([
    { language: "md", code: "```\ninner\n```", before: "" },
    { language: "", code: "open", before: "" },
  ]);
});

it("list marks in code are code", () => {
  expect(codeBlocks("```\n- one\n> two\n1. three\n```")).toEqual([
    { language: "", code: "- one\n> two\n1. three", before: "" },
  ]);
});
