import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chunk } from "#shared/chunking/chunk.ts";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { ConfluencePage } from "#shared/confluence/client.ts";
import { processConfluencePage } from "#shared/syncs/pages/confluence-processor.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const macro = (name: string, inner: string): string =>
  `<ac:structured-macro ac:name="${name}">${inner}</ac:structured-macro>`;
const rich = (inner: string): string => `<ac:rich-text-body>${inner}</ac:rich-text-body>`;
const titled = (name: string, title: string, body: string): string =>
  macro(name, parameter("title", title) + rich(body));
const sentences = (count: number, subject: string): string =>
  Array.from({ length: count }, (_, index) => `${subject} ${index} is read by whoever is on duty.`).join(" ");
const repeated = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join("");

function chunks(value: string, targetTokens = 128): Chunk[] {
  const { markdown, outline } = readPage({ format: "storage", value }).toMarkdown(resolver);
  return chunkMarkdown(markdown, { targetTokens, outline });
}
const textOf = ({ content, headingPath }: Chunk): string => `${headingPath.join(" › ")}\n${content}`;
const holding = (found: readonly Chunk[], text: string): Chunk[] =>
  found.filter(({ content }) => content.includes(text));

it("a page without text is one empty chunk, found by its title without invisible characters", () => {
  for (const value of ["", "<p>&nbsp;</p>", macro("toc", "")]) {
    const page = readPage({ format: "storage", value }).toMarkdown(resolver);
    const [chunk, ...others] = chunkPage(page);
    expect([chunk, others]).toEqual([{ content: "", headingPath: [] }, []]);
    if (chunk) expect(embeddingInput("Freeze\u00ad calen\u200bdar", chunk)).toBe("Freeze calendar\n\n");
  }
});

it("a chunk is embedded below its page's title and headings, or the title alone where the model wants that", () => {
  const content = readPage({
    format: "storage",
    value: "<h2>Backups</h2><h3>Restore</h3><p>Stop writes.</p>",
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is read of the page
  const page = { title: "Ledger" } as ConfluencePage;
  const inputs = (model: { inputHeadings?: boolean }) =>
    processConfluencePage({ page, content, notRendered: null, included: [] }, resolver, model).chunks.map(
      ({ input }) => input,
    );
  const text = "## Backups\n\n### Restore\n\nStop writes.";
  expect(inputs({})).toEqual([`Ledger › Backups\n\n${text}`]);
  expect(inputs({ inputHeadings: false })).toEqual([`Ledger\n\n${text}`]);
});

describe("a part with a title", () => {
  it.each(["expand", "panel", "localtab", "somebodys-box", "info"])(
    "every chunk of %s contains its title, and no other chunk does",
    (name) => {
      const found = chunks(
        `<h1>Yard</h1>${titled(name, "Crane", `<p>${sentences(40, "Bolt")}</p>`)}<p>${sentences(40, "Gate")}</p>`,
      );
      expect(holding(found, "Bolt").length).toBeGreaterThan(2);
      for (const chunk of holding(found, "Bolt")) expect(textOf(chunk)).toContain("Crane");
      for (const chunk of holding(found, "Gate")) expect(chunk.headingPath).toEqual(["Yard"]);
    },
  );

  it("a titled part keeps a question with its answer", () => {
    const found = chunks(
      `<h1>FAQ</h1>${repeated(20, (index) => titled("expand", `Question ${index}?`, `<p>${sentences(7, `Answer ${index}.`)}</p>`))}`,
      512,
    );
    for (let index = 0; index < 20; index++) {
      for (const chunk of holding(found, `Answer ${index}.`))
        expect(textOf(chunk)).toContain(`Question ${index}?`);
    }
  });

  it.each([
    ["a heading", "<h2>Rope</h2>"],
    ["a table", "<table><tr><th>A</th></tr><tr><td>b</td></tr></table>"],
  ])("a titled part keeps its title when it begins with %s", (_what, start) => {
    const found = chunks(
      `<h1>Yard</h1>${titled("expand", "Crane", `${start}<p>${sentences(40, "Bolt")}</p>`)}<p>after</p>`,
    );
    for (const chunk of holding(found, "Bolt"))
      expect(chunk.headingPath.slice(0, 2)).toEqual(["Yard", "Crane"]);
    expect(holding(found, "after")[0]?.headingPath).toEqual(["Yard"]);
  });

  it("a block of code with a title names it in each chunk", () => {
    const lines = repeated(80, (index) => `echo "step ${index}"\n`);
    const found = chunks(
      macro(
        "code",
        `${parameter("title", "run.sh")}<ac:plain-text-body><![CDATA[${lines}]]></ac:plain-text-body>`,
      ),
    );
    expect(found.length).toBeGreaterThan(2);
    for (const chunk of found) expect(textOf(chunk)).toContain("run.sh");
  });
});

describe("headings", () => {
  it("headings structure a panel, whose quote and kind continue", () => {
    const found = chunks(
      macro(
        "warning",
        rich(`<h2>Hot</h2><p>${sentences(30, "Valve")}</p><h2>Cold</h2><p>${sentences(30, "Tank")}</p>`),
      ),
    );
    for (const chunk of holding(found, "Valve")) expect(chunk.headingPath).toEqual(["Hot"]);
    for (const chunk of holding(found, "Tank")) expect(chunk.headingPath).toEqual(["Cold"]);
    for (const { content } of found)
      expect(content.split("\n").every((line) => line.startsWith(">"))).toBe(true);
    for (const { content } of found) expect(content).toContain("[!WARNING]");
  });

  it("headings structure a table used for layout", () => {
    const found = chunks(
      `<table><tr><td><h2>Hot</h2><p>${sentences(30, "Valve")}</p></td><td><h2>Cold</h2><p>${sentences(30, "Tank")}</p></td></tr></table>`,
    );
    for (const chunk of holding(found, "Valve")) expect(chunk.headingPath).toEqual(["Hot"]);
    for (const chunk of holding(found, "Tank")) expect(chunk.headingPath).toEqual(["Cold"]);
  });

  it("headings inside a cell are known in the parts into which the row is split", () => {
    const cell = `<h3>Hot</h3><p>${sentences(50, "Valve")}</p><h3>Cold</h3><p>${sentences(50, "Tank")}</p>`;
    const found = chunks(
      `<table><tr><th>Hall</th><th>What</th></tr><tr><td>H1</td><td>${cell}</td></tr><tr><td>H2</td><td>none</td></tr></table>`,
    );
    for (const chunk of holding(found, "Valve")) expect(textOf(chunk)).toContain("Hot");
    for (const chunk of holding(found, "Tank")) expect(textOf(chunk)).toContain("Cold");
    expect(holding(found, "H2")[0]?.headingPath).toEqual([]);
  });
});

describe("a table", () => {
  const rows = (count: number, cell: "td" | "th" = "td"): string =>
    repeated(count, (index) => `<tr><${cell}>host ${index}</${cell}><td>10.0.0.${index}</td></tr>`);

  it.each([
    ["bold cells", "<tr><td><strong>Host</strong></td><td><p><b>Address</b></p></td></tr>"],
    [
      "bold by style",
      '<tr><td><span style="font-weight: bold">Host</span></td><td style=""><b>Address</b></td></tr>',
    ],
    [
      "highlighted cells",
      '<tr><td class="highlight-blue">Host</td><td data-highlight-colour="#deebff">Address</td></tr>',
    ],
    ["header cells", "<tr><th>Host</th><th>Address</th></tr>"],
    [
      "a style of each cell",
      '<tr><td style="font-weight:700">Host</td><td style="font-weight: bold">Address</td></tr>',
    ],
    ["a style of its own", '<tr style="font-weight: bold"><td>Host</td><td>Address</td></tr>'],
    ["a colour of its own", '<tr bgcolor="#ddeeff"><td>Host</td><td>Address</td></tr>'],
    [
      "the class of header cells",
      '<tr><td class="confluenceTh">Host</td><td class="confluenceTh">Address</td></tr>',
    ],
    ["colons behind bold names", "<tr><td><b>Host</b>:</td><td><b>Address</b>:</td></tr>"],
    [
      "a bold title above bold cells",
      '<tr><td colspan="2"><b>Hosts</b></td></tr><tr><td><b>Host</b></td><td><b>Address</b></td></tr>',
    ],
    [
      "a title in a header cell above bold cells",
      '<tr><th colspan="2">Hosts</th></tr><tr><td><b>Host</b></td><td><b>Address</b></td></tr>',
    ],
  ])("a table whose first row has %s repeats it", (_kind, header) => {
    const found = chunks(`<table><tbody>${header}${rows(60)}</tbody></table>`);
    expect(found.length).toBeGreaterThan(2);
    for (const { content } of found) {
      expect(content).toContain("Host");
      expect(content).toContain("Address");
    }
  });

  it.each([
    [
      "names in bold beside values",
      "<tr><td><b>Owner</b></td><td>Ann</td></tr><tr><td><b>Team</b></td><td>Ops</td></tr>",
    ],
    [
      "another row in bold",
      "<tr><td><b>a</b></td><td><b>b</b></td></tr><tr><td>c</td><td>d</td></tr><tr><td><b>e</b></td><td><b>f</b></td></tr>",
    ],
    [
      "a bold title over all of it",
      '<tr><td colspan="2"><b>a</b></td></tr><tr><td>c</td><td>d</td></tr><tr><td>e</td><td>f</td></tr>',
    ],
    [
      "white as the highlight",
      '<tr><td data-highlight-colour="#ffffff">a</td><td data-highlight-colour="#ffffff">b</td></tr><tr><td>c</td><td>d</td></tr>',
    ],
  ])("a table with %s has no header", (_kind, body) => {
    expect(chunks(`<table><tbody>${body}</tbody></table>`)[0]?.content).toMatch(/^\| {2}\| {2}\|\n/);
  });

  it("a table with bold column names and bold titles across it keeps both", () => {
    const title = (text: string): string => `<tr><td colspan="2"><b>${text}</b></td></tr>`;
    const header = "<tr><td><b>Host</b></td><td><b>Address</b></td></tr>";
    const found = chunks(`<table>${header}${title("North")}${rows(40)}${title("South")}${rows(40)}</table>`);
    for (const { content } of found)
      expect(content).toMatch(/^\| \*\*Host\*\* \| \*\*Address\*\* \|\n.*\n\| \*\*(?:North|South)/);
  });

  it("a table with two header rows repeats both", () => {
    const header = '<tr><th colspan="2">Addresses</th></tr><tr><th>Host</th><th>Hall A</th></tr>';
    for (const { content } of chunks(`<table>${header}${rows(60)}</table>`)) {
      expect(content).toContain("Addresses");
      expect(content).toContain("Hall A");
    }
  });

  it("a row of a table shows in which section it is", () => {
    const section = (name: string): string => `<tr><td colspan="2"><strong>${name}</strong></td></tr>`;
    const found = chunks(
      `<table><tr><th>Host</th><th>Address</th></tr>${section("Hall A")}${rows(40)}${section("Hall B")}${rows(40).replaceAll("host", "node")}</table>`,
    );
    for (const chunk of holding(found, "| host 3")) expect(chunk.content).toContain("Hall A");
    for (const chunk of holding(found, "| node 3")) expect(chunk.content).toContain("Hall B");
    expect(holding(found, "| node 39")[0]?.content).not.toContain("Hall A");
  });

  it("a section's title is in one chunk with its first row, wherever the table is split", () => {
    for (let before = 1; before < 25; before++) {
      const section = `<tr><td colspan="2"><strong>Hall B</strong></td></tr>${rows(30).replaceAll("host", "node")}`;
      const found = chunks(`<table><tr><th>Host</th><th>Address</th></tr>${rows(before)}${section}</table>`);
      expect(holding(found, "Hall B")[0]).toEqual(holding(found, "| node 0 |")[0]);
    }
  });

  it("a split row of a table repeats the row's first cell", () => {
    const found = chunks(
      `<table><tr><th>System</th><th>Step</th></tr><tr><td>Crane</td><td>${sentences(80, "Bolt")}</td></tr></table>`,
    );
    expect(found.length).toBeGreaterThan(3);
    for (const { content } of found) expect(content).toContain("| Crane |");
  });

  it("a split row whose first cells are numbers also repeats the name after them", () => {
    const found = chunks(
      `<table><tr><th></th><th>System</th><th>Step</th></tr><tr><td>1</td><td>Crane</td><td>${sentences(80, "Bolt")}</td></tr></table>`,
    );
    expect(found.length).toBeGreaterThan(3);
    for (const { content } of found) expect(content).toContain("| 1 | Crane |");
  });
});

it("a split row with a long first cell repeats its beginning", () => {
  const name = sentences(6, "Crane").trim();
  const found = chunks(
    `<table><tr><th>System</th><th>Step</th></tr><tr><td>${name}</td><td>${sentences(80, "Bolt")}</td></tr></table>`,
  );
  const later = holding(found, "Bolt").slice(1);
  expect(later.length).toBeGreaterThan(2);
  for (const { content } of later) expect(content).toContain(`\n| ${name.slice(0, 120)}… | `);
});

it("a split row of numbers repeats the first alone", () => {
  const numbers = repeated(800, (index) => `${index} `);
  const found = chunks(
    `<table><tr><th>No.</th><th>Of</th><th>At</th><th>Values</th></tr><tr><td>1</td><td>2</td><td>3</td><td>${numbers}</td></tr></table>`,
  );
  expect(found.length).toBeGreaterThan(3);
  for (const { content } of found.slice(1)) expect(content.split("\n")[2]).toMatch(/^\| 1 \| {1,2}\|/);
});

describe("a cell that is cut", () => {
  const cell = (content: string): Chunk[] =>
    chunks(`<table><tr><th>System</th><th>Steps</th></tr><tr><td>Crane</td><td>${content}</td></tr></table>`);
  const steps = (name: string): string =>
    repeated(60, (index) => `<li>${name} step ${index}: look at the dial</li>`);

  it("a cell is split between the items of its list, which name their parent item", () => {
    const found = cell(
      `<ul><li>Pumps<ol>${steps("Pump")}</ol></li><li>Filters<ul>${steps("Filter")}</ul></li></ul>`,
    );
    expect(found.length).toBeGreaterThan(4);
    for (const chunk of holding(found, "Pump step")) expect(textOf(chunk)).toContain("Pumps");
    for (const chunk of holding(found, "Filter step")) expect(textOf(chunk)).toContain("Filters");
    expect(holding(found, "Filter step 59")[0]?.headingPath).toEqual(["Filters"]);
    for (const { content } of found) expect(content).toMatch(/(?:<\/li>|<\/ul>|<\/ol>) \|$/);
  });

  it("a split cell continues with the numbers of its list", () => {
    const found = cell(`<ol>${steps("Pump")}</ol>`);
    expect(found.length).toBeGreaterThan(2);
    for (const { content } of found.slice(1)) {
      expect(content).toMatch(/<ol start="\d+"><li>Pump step/);
      const [, start, step] = /<ol start="(\d+)"><li>Pump step (\d+)/.exec(content) ?? [];
      expect(Number(start)).toBe(Number(step) + 1);
    }
  });

  it("titles in a cell stay with what is below them, in order", () => {
    const found = cell(
      `<h3>Yard? North.</h3><p>${sentences(60, "Gate")}</p>${titled("expand", "Which rope? This.", `<p>${sentences(60, "Rope")}</p>`)}<p>${sentences(40, "Tail")}</p>`,
    );
    for (const chunk of holding(found, "Gate")) expect(textOf(chunk)).toContain("Yard? North.");
    for (const chunk of holding(found, "Rope")) expect(textOf(chunk)).toContain("Which rope? This.");
    expect(holding(found, "Rope 59")[0]?.headingPath).toEqual(["Yard? North.", "Which rope? This."]);
    expect(holding(found, "Tail 39")[0]?.headingPath).toEqual(["Yard? North."]);
  });

  it("a title in a cell is in the chunk of what is below it, wherever the cell is split", () => {
    for (let before = 1; before < 40; before++) {
      const found = cell(
        `<p>${sentences(before, "Gate")}</p><h3>Which rope? This.</h3><p>${sentences(60, "Rope")}</p>`,
      );
      expect(holding(found, "Which rope?")).toEqual(holding(found, "Rope 0 "));
    }
  });

  it("a titled part of a cell ends where it ends, however far down the table", () => {
    const above = repeated(100, (index) => `<tr><td>host ${index}</td><td>none</td></tr>`);
    const part = titled("expand", "Which rope?", `<p>${sentences(60, "Rope")}</p>`);
    const found = chunks(
      `<table><tr><th>System</th><th>Steps</th></tr>${above}<tr><td>Crane</td><td>${part}<p>${sentences(60, "Tail")}</p></td></tr></table>`,
    );
    expect(holding(found, "Rope 30")[0]?.headingPath).toEqual(["Which rope?"]);
    expect(holding(found, "Tail 30")[0]?.headingPath).toEqual([]);
  });

  it("a split cell does not treat code that looks like a list as a list", () => {
    const found = cell(`<p><code>&lt;ul&gt;&lt;li&gt;Pumps&lt;ul&gt;</code> ${sentences(120, "Gate")}</p>`);
    for (const { headingPath, content } of found.slice(1)) {
      expect(headingPath).toEqual([]);
      expect(content).not.toContain("<ul>");
    }
  });
});

it("a nested task names its parent task without its box", () => {
  const task = (text: string, inner = ""): string =>
    `<ac:task><ac:task-status>complete</ac:task-status><ac:task-body>${text}${inner}</ac:task-body></ac:task>`;
  const list = (inner: string): string => `<ac:task-list>${inner}</ac:task-list>`;
  const found = chunks(list(task("Pumps", list(repeated(60, (index) => task(`Look at dial ${index}`))))));
  for (const chunk of found.slice(1)) expect(chunk.headingPath).toEqual(["Pumps"]);
});

it.each([
  [
    "a bold paragraph",
    (text: string) => `<p><strong>${text}</strong></p>`,
    (text: string) => `<p>${text}</p>`,
  ],
  ["a term", (text: string) => `<dl><dt>${text}</dt>`, (text: string) => `<dd>${text}</dd></dl>`],
  [
    "a summary",
    (text: string) => `<details><summary>${text}</summary>`,
    (text: string) => `<p>${text}</p></details>`,
  ],
  [
    "a paragraph with a colon",
    (text: string) => `<p>${text}:</p>`,
    (text: string) => `<ul><li>${text}</li></ul>`,
  ],
])("%s stays with what is below it", (_kind, title, body) => {
  const found = chunks(
    repeated(20, (index) => title(`Question ${index}`) + body(sentences(9, `Answer ${index}.`))),
    512,
  );
  for (let index = 0; index < 20; index++) {
    const [first] = holding(found, `Answer ${index}. 0`);
    expect(first?.content).toMatch(new RegExp(`Question ${index}\\b`));
  }
});

it("headings in a table used for layout end with it", () => {
  const found = chunks(
    `<h1>Yard</h1><table><tr><td><h2>Crane</h2><p>${sentences(40, "Bolt")}</p></td><td><h2>Gate</h2><p>${sentences(40, "Hinge")}</p></td></tr></table><p>after</p>`,
  );
  for (const chunk of holding(found, "Hinge")) expect(chunk.headingPath).toEqual(["Yard", "Gate"]);
  expect(holding(found, "after")[0]?.headingPath).toEqual(["Yard"]);
});

it("nested items name their parent item", () => {
  const steps = (name: string): string =>
    repeated(40, (index) => `<li>${name} step ${index}: look at the dial</li>`);
  const found = chunks(
    `<ol><li><p><strong>Pumps</strong></p><ol>${steps("Pump")}</ol></li><li>Filters<ul>${steps("Filter")}</ul></li></ol>`,
  );
  for (const chunk of holding(found, "Pump step")) expect(textOf(chunk)).toContain("Pumps");
  for (const chunk of holding(found, "Filter step")) expect(textOf(chunk)).toContain("Filters");
  for (const chunk of holding(found, "Filter step 39")) expect(chunk.headingPath).toEqual(["Filters"]);
});

it.each([
  ["Chinese", "。", "值班员读出数值写在表上"],
  ["Arabic", "؟ ", "هل يقرأ الحارس القيمة ويكتبها"],
  ["Hindi", "। ", "प्रहरी मान पढ़कर तालिका में लिखता है"],
  ["Tibetan", "།", "སྲུང་མས་གྲངས་ཀ་བཀླགས་ནས་བྲིས"],
  ["English", ". ", "The guard reads the value and writes it down"],
])("sentences in %s end where they end, in cells too", (_language, end, sentence) => {
  const text = repeated(60, () => sentence + end);
  for (const value of [`<p>${text}</p>`, `<table><tr><td>x</td><td>${text}</td></tr></table>`]) {
    for (const { content } of chunks(value)) {
      const last = content.replace(/[\s|]+$/, "");
      expect(last.endsWith(end.trim())).toBe(true);
    }
  }
});

it("setext headings structure hand-written Markdown", () => {
  const found = chunks(
    macro(
      "markdown",
      `<ac:plain-text-body><![CDATA[Hot\n===\n\n${sentences(30, "Valve")}\n\nCold\n---\n\n${sentences(30, "Tank")}]]></ac:plain-text-body>`,
    ),
  );
  for (const chunk of holding(found, "Tank")) expect(chunk.headingPath).toEqual(["Hot", "Cold"]);
});

describe("for any titles and sizes", () => {
  const title = fc.stringMatching(/^[A-Z][a-z]{3,9}$/);
  const size = fc.integer({ min: 1, max: 60 });
  const name = fc.constantFrom("expand", "panel", "localtab", "info");

  it("for any titles and sizes, a title is above all of its part and nothing else", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, title, size, size), { minLength: 1, maxLength: 4 }), (parts) => {
        const body = parts.map(
          ([box, text, inside, after], index) =>
            titled(box, `${text}${index}`, `<p>${sentences(inside, `In${index}x`)}</p>`) +
            `<p>${sentences(after, `After${index}x`)}</p>`,
        );
        const found = chunks(body.join(""));
        for (const [index, [, text]] of parts.entries()) {
          for (const chunk of holding(found, `In${index}x`))
            expect(textOf(chunk)).toContain(`${text}${index}`);
          for (const chunk of holding(found, `After${index}x`)) expect(chunk.headingPath).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });
});
