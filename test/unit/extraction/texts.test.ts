import { describe, expect, it } from "vitest";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { markdownOf } from "#test/support/extract.ts";

const utf8 = (text: string): Uint8Array => Buffer.from(text);

describe("the text of a plain file", () => {
  it("a text is decoded by its byte order mark, as UTF-8, as Shift JIS, or as windows-1252", async () => {
    const sjis = Buffer.from([0x93, 0x8c, 0x8b, 0x9e, 0x82, 0xcc, 0x93, 0x56, 0x8b, 0x43]);
    expect(await markdownOf("a.txt", sjis)).toBe("東京の天気");
    expect(await markdownOf("a.txt", Buffer.from("\uFEFFGrüße", "utf16le"))).toBe("Grüße");
    expect(await markdownOf("a.txt", Buffer.from("Hello there", "utf16le"))).toBe("Hello there");
    expect(await markdownOf("a.txt", utf8("\uFEFFGrüße"))).toBe("Grüße");
    expect(await markdownOf("a.txt", Buffer.from([0x93, 0x47, 0x72, 0xfc, 0xdf, 0x65, 0x94]))).toBe(
      "“Grüße”",
    );
  });

  it("an HTML file is decoded as it declares, and converted as a page is", async () => {
    const html =
      '<html><head><meta charset="iso-8859-2"><style>p{}</style></head><body><h1>L\u00f3\u00bf</h1></body>';
    expect(await markdownOf("a.html", Buffer.from(html, "latin1"))).toBe("# Lóż");
  });

  it("lines of a text stay literal, and Markdown stays Markdown", async () => {
    expect(await markdownOf("a.txt", utf8("# no heading\nnext *line*\n\nend"))).toBe(
      "\\# no heading  \nnext \\*line\\*\n\nend",
    );
    expect(await markdownOf("a.md", utf8("# Heading\r\n\r\n- a\r\n"))).toBe("# Heading\n\n- a");
  });

  it("a CSV is a table by its own delimiter, with quoted delimiters, quotes and line breaks in cells", async () => {
    expect(await markdownOf("a.csv", utf8('id;note\n1;"a; ""b"", c"\n\n2;"two\nlines, x"\n'))).toBe(
      '| id | note |\n| --- | --- |\n| 1 | a; "b", c |\n| 2 | two<br>lines, x |',
    );
    expect(await markdownOf("a.tsv", utf8("a\tb\n1,5\t2,5"))).toBe("| a | b |\n| --- | --- |\n| 1,5 | 2,5 |");
  });

  it("a CSV whose quote is never closed is read all the same", async () => {
    expect(await markdownOf("a.csv", utf8('a,b\n"1,2\n3,4'))).toBe(
      '| a | b |\n| --- | --- |\n| "1 | 2 |\n| 3 | 4 |',
    );
  });

  it("JSON is a block of code", async () => {
    expect(await markdownOf("a.json", utf8('{"a": 1}'))).toBe('```json\n{"a": 1}\n```');
  });

  it("a text without a known name is read by its media type, and binary data under a text's name is refused", async () => {
    const byType = await extractFile({
      name: "NOTES",
      mediaType: "text/plain; charset=utf-8",
      bytes: utf8("hi"),
    });
    expect(byType).toMatchObject({ parts: [{ markdown: "hi" }] });
    const binary = await extractFile({
      name: "a.txt",
      mediaType: "text/plain",
      bytes: Buffer.from([1, 0, 0, 7]),
    });
    expect(binary.result).toBe("unsupported_type");
  });
});
