import { describe, expect, it } from "vitest";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { extractPdf, type PdfReader } from "#shared/extraction/pdf/extract-pdf.ts";
import { splitHeadings } from "#shared/extraction/pdf/repair-markdown.ts";
import { encryptedPdf, pdfFile, scannedPdf, type PdfLine } from "#test/support/pdf-file.ts";

const READERS: PdfReader[] = ["liteparse", "unpdf"];

function textOf(file: ExtractedFile): string {
  if (file.result !== "text") throw new Error(`${file.result}: ${file.message}`);
  return file.parts.map(({ markdown }) => markdown).join("\n\n");
}

function paragraph(lines: readonly string[], x: number, y: number): PdfLine[] {
  return lines.map((text, index) => ({ text, x, y: y - 14 * index }));
}

describe.each(READERS)("a PDF read by %s", (reader) => {
  it(`${reader} numbers 619 pages as the file does (case 32)`, async () => {
    const pages = Array.from({ length: 619 }, (_, index) => ({
      lines: [{ text: `Only page ${index + 1} says word${index + 1}.`, x: 72, y: 600 }],
    }));
    const file = await extractPdf(pdfFile(pages), reader);
    if (file.result !== "text") throw new Error(file.message);
    expect(file.extractor).toMatch(new RegExp(`^${reader} \\d+\\.`));
    expect(file.parts.map(({ place }) => place)).toEqual(
      pages.map((_, index) => ({ kind: "page", number: index + 1 })),
    );
    expect(file.parts[616]?.markdown).toContain("word617.");
  });

  it(`${reader} gives one file the same parts each time (case 35)`, async () => {
    const bytes = pdfFile([{ lines: paragraph(["One line of text.", "And another."], 72, 700) }]);
    expect(await extractPdf(bytes, reader)).toEqual(await extractPdf(bytes, reader));
  });

  it(`${reader} says that a file which needs a password is encrypted (case 31)`, async () => {
    expect(await extractPdf(encryptedPdf("Secret plans", "open sesame"), reader)).toMatchObject({
      result: "encrypted",
    });
  });

  it(`${reader} opens a file with an owner's password only (case 31)`, async () => {
    expect(textOf(await extractPdf(encryptedPdf("Public plans", ""), reader))).toContain("Public plans");
  });

  it(`${reader} says that a scan has no text (case 32)`, async () => {
    const file = await extractPdf(scannedPdf(), reader);
    expect(file).toMatchObject({ result: "no_text", message: expect.stringContaining("scan") as string });
  });

  it(`${reader} says that a file without pages has no text (case 31)`, async () => {
    expect(await extractPdf(pdfFile([]), reader)).toMatchObject({ result: "no_text" });
  });

  it(`${reader} says what is wrong with a file that is empty, cut off or no PDF (case 31)`, async () => {
    const whole = pdfFile([{ lines: [{ text: "Whole", x: 72, y: 700 }] }]);
    for (const bytes of [Buffer.alloc(0), Buffer.from("PK\u0003\u0004"), whole.subarray(0, 60)]) {
      const file = await extractPdf(bytes, reader);
      expect(["extraction_failed", "no_text"]).toContain(file.result);
    }
    expect(await extractPdf(Buffer.alloc(0), reader)).toMatchObject({ message: "The file is empty" });
  });

  it(`${reader} reads what a form's fields show, not what a password field hides`, async () => {
    const field = (id: number, entries: string) => [
      id,
      `<< /Type /Annot /Subtype /Widget /Rect [72 600 200 620] ${entries} >>`,
    ];
    const bytes = pdfFile(
      [{ lines: [{ text: "A form.", x: 72, y: 700 }], extra: "/Annots [20 0 R 21 0 R 22 0 R]" }],
      {
        catalog: "/AcroForm << /Fields [20 0 R 21 0 R 22 0 R] >>",
        objects: Object.fromEntries([
          field(20, "/FT /Tx /T (town) /TU (Town of birth) /V (Ulm)"),
          field(21, "/FT /Ch /Ff 131072 /T (colour) /V (g) /Opt [[(r) (Red)] [(g) (Green)]]"),
          field(22, "/FT /Tx /Ff 8192 /T (pin) /V (hunter2)"),
        ]) as Record<number, string>,
      },
    );
    const text = textOf(await extractPdf(bytes, reader));
    expect(text).toContain("Town of birth: Ulm");
    expect(text).toContain("colour: Green");
    expect(text).not.toContain("hunter2");
  });

  it(`${reader} repeats a running head on no page but its first`, async () => {
    const pages = ["alpha", "beta", "gamma", "delta"].map((word, index) => ({
      lines: [
        { text: "Handbook of the Harbour", x: 72, y: 770, size: 9 },
        ...paragraph(
          [
            `The first line of ${word} is here.`,
            `The second line of ${word} is here.`,
            `The third of ${word}.`,
          ],
          72,
          600,
        ),
        { text: `Page ${index + 1}`, x: 300, y: 20, size: 9 },
      ],
    }));
    const text = textOf(await extractPdf(pdfFile(pages), reader));
    expect(text.match(/Handbook of the Harbour/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(text).toContain("The first line of delta is here.");
  });
});

/** Pages with a line each at the foot, below a text of their own. */
function pagesWithFeet(feet: readonly string[]): Buffer {
  return pdfFile(
    feet.map((foot, index) => ({
      lines: [
        ...paragraph([`The text of part ${["alpha", "beta", "gamma"][index]}.`], 72, 600),
        { text: foot, x: 72, y: 20, size: 9 },
      ],
    })),
  );
}

it.each([
  ["decimals", ["114.50 EUR", "224.50 EUR", "98.75 EUR"]],
  ["amounts of money", ["114 EUR", "224 EUR", "98 EUR"]],
  ["amounts of money with a sign", ["$114", "$224", "$98"]],
  ["percent", ["12 %", "23 %", "34 %"]],
  ["percent in one word", ["12%", "23%", "34%"]],
  ["thousands", ["1,140", "2,240", "3,980"]],
  ["dates", ["2026-03-01", "2026-04-01", "2026-05-01"]],
  ["numbers longer than those of pages", ["28171163", "28171166", "28171001"]],
])("lines that differ in %s are no running head", async (_, values) => {
  const lines = values.map((value) => `Total amount due: ${value}`);
  const text = textOf(await extractPdf(pagesWithFeet(lines)));
  for (const line of lines) expect(text).toContain(line);
});

it.each([
  ["12", "13", "14"],
  ["12/40", "13/40", "14/40"],
  ["A-12", "A-13", "A-14"],
  ["2.3.59-12", "2.3.59-13", "2.3.59-14"],
])("a running head is one whose pages are numbered %s, %s, %s", async (...numbers) => {
  const lines = numbers.map((number, index) =>
    index % 2 === 0 ? `Handbook of the Harbour ${number}` : `${number} Handbook of the Harbour`,
  );
  const text = textOf(await extractPdf(pagesWithFeet(lines)));
  expect(text.match(/Handbook of the Harbour/g)).toHaveLength(1);
});

it("letters of a right-to-left script are read in their order, by unpdf (case 32)", async () => {
  const file = await extractPdf(pdfFile([{ lines: [{ text: "cba fed", x: 72, y: 700 }] }], { font: "H" }));
  expect(file).toMatchObject({ result: "text", extractor: expect.stringMatching(/^unpdf /) as string });
  expect(textOf(file)).toContain("אבג");
});

it("columns are read one after the other (case 32)", async () => {
  const left = [
    "The left column begins with",
    "words that go on in the next",
    "line and end far below, where",
    "the left column ends.",
  ];
  const right = [
    "The right column is read when",
    "the left one is at its end,",
    "not line by line across both",
    "and it ends here.",
  ];
  const body = [...paragraph(left, 60, 700), ...paragraph(right, 330, 700)];
  const text = textOf(await extractPdf(pdfFile([{ lines: body }]))).replace(/\s+/g, " ");
  expect(text.indexOf("the left column ends.")).toBeGreaterThan(-1);
  expect(text.indexOf("the left column ends.")).toBeLessThan(text.indexOf("The right column"));
});

it("a ruled table is a table (case 32)", async () => {
  const rows = [
    ["Part", "Price"],
    ["Bolt", "12.50"],
    ["Nut", "3.25"],
  ];
  const lines = rows.flatMap((row, r) => row.map((text, c) => ({ text, x: 80 + 150 * c, y: 686 - 24 * r })));
  const across = [0, 1, 2, 3].map((r) => [72, 704 - 24 * r, 372, 704 - 24 * r]);
  const down = [72, 222, 372].map((x) => [x, 704, x, 632]);
  const text = textOf(await extractPdf(pdfFile([{ lines, rules: [...across, ...down] }])));
  expect(text).toMatch(/\| Bolt \| 12\.50 \|/);
});

/** A table of four columns: each group of lines stands between two rules, without a rule between its lines. */
function ruledGroups(groups: readonly (readonly (readonly string[])[])[]): Buffer {
  const columns = [80, 200, 320, 440];
  const lines = groups.flatMap((group, g) =>
    group.flatMap((row, r) =>
      row.map((text, c) => ({ text, x: columns[c] ?? 0, y: 666 - 24 * g - 10 * r, size: 8 })),
    ),
  );
  const bottom = 678 - 24 * groups.length;
  const across = [...groups.keys(), groups.length].map((g) => [72, 678 - 24 * g, 560, 678 - 24 * g]);
  const down = [72, 190, 310, 430, 560].map((x) => [x, 678, x, bottom]);
  return pdfFile([{ lines: lines.filter(({ text }) => text !== ""), rules: [...across, ...down] }]);
}

const PORTS = [
  ["Emden", "5", "6", "7"],
  ["Fowey", "8", "9", "10"],
];

it.each([
  [
    "rows of a table with no rule between them are rows",
    [
      ["Alba", "12,870", "23,022", "859"],
      ["Brem", "309", "3,062", "191"],
    ],
    "| Alba | 12,870 | 23,022 | 859 |\n| Brem | 309 | 3,062 | 191 |",
  ],
  [
    "equal numbers one below the other stay in their columns",
    [
      ["Alba", "0", "0", "0"],
      ["Brem", "7", "0", "0"],
    ],
    "| Alba | 0 | 0 | 0 |\n| Brem | 7 | 0 | 0 |",
  ],
  [
    "a number with a blank for thousands stays whole where rows are taken apart",
    [
      ["Cadiz", "98 452", "41 181", "4 559"],
      ["Dover", "7", "8", "9"],
    ],
    "| Cadiz | 98 452 | 41 181 | 4 559 |\n| Dover | 7 | 8 | 9 |",
  ],
  [
    "a row of which only the text is wrapped stays a row",
    [
      ["A long port", "35 190", "44 307", "60 152"],
      ["of the north", "", "", ""],
    ],
    "| A long port of the north | 35 190 | 44 307 | 60 152 |",
  ],
])("%s", async (_, group, expected) => {
  expect(textOf(await extractPdf(ruledGroups([PORTS, group, PORTS])))).toContain(expected);
});

it("the head of a table and the row below it, with no rule between them, are two rows", async () => {
  const group = [
    ["Harbour", "Ships", "Large Crew", "Boats"],
    ["Alba", "12,870", "23,022", "859"],
  ];
  const text = textOf(await extractPdf(ruledGroups([group, PORTS, PORTS])));
  expect(text).toMatch(
    /\| Harbour \| Ships \| Large Crew \| Boats \|\n(\|[-|]+\|\n)?\| Alba \| 12,870 \| 23,022 \| 859 \|/,
  );
});

it("a cell that is centred beside two rows is in each of them", async () => {
  const row = (y: number, ...texts: readonly string[]) =>
    texts.map((text, c) => ({ text, x: [180, 280, 380, 480][c] ?? 0, y, size: 8 }));
  const lines = [0, 1, 2].flatMap((g) => [
    ...row(668 - 28 * g, `Alba${g}`, "12", "23", "34"),
    ...row(656 - 28 * g, `Brem${g}`, "45", "56", "67"),
    { text: `North${g}`, x: 80, y: 662 - 28 * g, size: 8 },
  ]);
  const rules = [
    ...[0, 1, 2, 3].map((g) => [72, 680 - 28 * g, 580, 680 - 28 * g]),
    ...[72, 170, 270, 370, 470, 580].map((x) => [x, 680, x, 596]),
  ];
  const text = textOf(await extractPdf(pdfFile([{ lines, rules }])));
  expect(text).toContain("| North1 | Alba1 | 12 | 23 | 34 |\n| North1 | Brem1 | 45 | 56 | 67 |");
});

it("years below the words of a table's head are a part of it", async () => {
  const head = [
    ["Harbour", "Ships in", "Crew in", "Boats in"],
    ["", "2001", "2002", "2003"],
  ];
  const text = textOf(await extractPdf(ruledGroups([head, PORTS, PORTS])));
  expect(text).toContain("| Harbour | Ships in 2001 | Crew in 2002 | Boats in 2003 |");
});

it("text that is turned on its page is read in its order", async () => {
  const lines = ["The first line is turned.", "The second line is too.", "And the third."].map(
    (text, index) => ({
      text,
      x: 300 + 20 * index,
      y: 100,
      turned: true,
    }),
  );
  const text = textOf(await extractPdf(pdfFile([{ lines }])));
  expect(text).toMatch(/first line is turned[\s\S]*second line is too[\s\S]*the third/);
});

it("a damaged page costs no other page, and a turned one after it keeps its number", async () => {
  const turned = ["The third page is turned.", "It has two lines."].map((text, index) => ({
    text,
    x: 300 + 20 * index,
    y: 100,
    turned: true,
  }));
  const upright = (text: string) => ({ lines: [{ text, x: 72, y: 700 }] });
  const pages = [upright("The first page."), upright("Damaged."), { lines: turned }, upright("The fourth.")];
  const file = await extractPdf(pdfFile(pages, { objects: { 1002: "null" } }));
  expect(file).toMatchObject({
    parts: [
      { place: { kind: "page", number: 1 }, markdown: "The first page." },
      { place: { kind: "page", number: 3 }, markdown: "The third page is turned. It has two lines." },
      { place: { kind: "page", number: 4 }, markdown: "The fourth." },
    ],
    warnings: ["1 of 4 pages are damaged and were not read"],
  });
});

it("a numbered heading in the size of the text is a heading", async () => {
  const lines = [
    ...paragraph(["A paragraph of some length that goes on over", "two lines before the heading."], 72, 700),
    { text: "2.1 Rules of the Harbour", x: 72, y: 672, bold: true },
    ...paragraph(["Ships give way to smaller ships, and all of", "them to swimmers."], 72, 658),
  ];
  expect(textOf(await extractPdf(pdfFile([{ lines }])))).toMatch(/^#+ 2\.1 Rules of the Harbour$/m);
});

it.each([
  ["**2.1 Rules of the Harbour**", "### 2.1 Rules of the Harbour"],
  [
    "Before. **Note 2.1 Rules of the Harbour** After.",
    "Before. **Note**\n\n### 2.1 Rules of the Harbour\n\nAfter.",
  ],
  ["**2.1 Rules of the Harbour for all**", "### 2.1 Rules of the Harbour\n\n**for all**"],
])("a numbered heading taken out of %j leaves whole marks of bold type", (markdown, expected) => {
  expect(splitHeadings(markdown, ["2.1 Rules of the Harbour"])).toBe(expected);
});
