import { describe, expect, it } from "vitest";
import { partsOf } from "#test/support/extract.ts";
import { pptx, textShape } from "#test/support/office-files.ts";

describe("the text of a presentation", () => {
  it("case 34: slides come in the presentation's order with their number, hidden ones too, and notes stand below", async () => {
    const file = pptx([
      { shapes: textShape("Sales", "ctrTitle"), notes: "Say hello first" },
      { shapes: textShape("Backup", "title"), hidden: true },
      { shapes: textShape("3", "sldNum") + textShape("Thanks", null) },
    ]);
    expect(await partsOf("a.pptx", file)).toEqual([
      { place: { kind: "slide", number: 1 }, markdown: "## Sales\n\nNotes:\n\nSay hello first" },
      { place: { kind: "slide", number: 2 }, markdown: "## Backup" },
      { place: { kind: "slide", number: 3 }, markdown: "Thanks" },
    ]);
  });

  it("a slide without text has no part, and the slides after it keep their number", async () => {
    const parts = await partsOf("a.pptx", pptx([{ shapes: "" }, { shapes: textShape("Second", "title") }]));
    expect(parts.map(({ place }) => place)).toEqual([{ kind: "slide", number: 2 }]);
  });

  it("an outline placeholder is a list by levels, and texts in groups of shapes are kept in their order", async () => {
    const group = `<p:grpSp><p:grpSp>${textShape("inner", null)}</p:grpSp>${textShape("outer", null)}</p:grpSp>`;
    const shapes = `${group}${textShape("Fruit\n\tApple\n\t\tGala\nBread", "body")}${textShape("Food", "title")}`;
    const [slide] = await partsOf("a.pptx", pptx([{ shapes }]));
    expect(slide?.markdown).toBe("## Food\n\ninner\n\nouter\n\n- Fruit\n  - Apple\n    - Gala\n- Bread");
  });

  it("merged cells of a slide's table are repeated in their area", async () => {
    const cell = (text: string, attributes = ""): string =>
      `<a:tc ${attributes}><a:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></a:txBody></a:tc>`;
    const rows =
      `<a:tr>${cell("Both", 'gridSpan="2"')}${cell("", 'hMerge="1"')}${cell("C")}</a:tr>` +
      `<a:tr>${cell("1", 'rowSpan="2"')}${cell("2")}${cell("3")}</a:tr>` +
      `<a:tr>${cell("", 'vMerge="1"')}${cell("5")}${cell("6")}</a:tr>`;
    const shapes = `<p:graphicFrame><a:graphic><a:graphicData><a:tbl>${rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>`;
    const [slide] = await partsOf("a.pptx", pptx([{ shapes }]));
    expect(slide?.markdown).toBe("| Both | Both | C |\n| --- | --- | --- |\n| 1 | 2 | 3 |\n| 1 | 5 | 6 |");
  });
});
