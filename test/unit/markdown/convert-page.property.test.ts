import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PermanentError } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { comparePage, MEASURES } from "#test/evaluation/conversion/compare-page.ts";
import { compareCounts } from "#test/evaluation/conversion/compare-sequences.ts";
import { pageFacts } from "#test/evaluation/conversion/page-facts.ts";
import { readStorage } from "#test/evaluation/conversion/page-tree.ts";
import { renderMarkdown } from "#test/evaluation/conversion/render-markdown.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";
import { shownPage } from "#test/evaluation/conversion/shown-page.ts";
import { propertyRuns } from "#test/support/depth.ts";
import { storageBody } from "./storage-arbitrary.ts";

/** What the page shows and its Markdown does not, and words that only the Markdown shows. */
function differences(body: string): object {
  const { markdown, textLost } = readPage({ format: "storage", value: body }).toMarkdown(resolver);
  const comparison = comparePage("storage", body, markdown);
  const lost = MEASURES.flatMap((measure) => comparison[measure].lost);
  return { textLost, lost, extra: comparison.words.extra };
}
const TAG_OR_CDATA = /<!\[CDATA\[.*?\]\]>|<\/?(?:p|strong|em|u|s|span|sup|li|ul|ol|td|th|tr|table|h[1-6])>/gs;

/** Letters and digits that the whole page shows and the Markdown of the broken one lacks, wherever words end and in any order. */
function lettersLost(whole: string, broken: string): string {
  const letters = (words: readonly string[]) => words.join("").split("");
  const shown = letters(pageFacts(shownPage(readStorage(whole))).words);
  const { markdown } = readPage({ format: "storage", value: broken }).toMarkdown(resolver);
  return compareCounts(shown, letters(pageFacts(renderMarkdown(markdown)).words)).lost.join("");
}

const NONE = { textLost: null, lost: [], extra: [] };

describe("for any page", () => {
  it("for any page, the Markdown shows all that the page shows, words in order, and nothing else", () => {
    fc.assert(
      fc.property(storageBody, (body) => {
        expect(differences(body)).toEqual(NONE);
      }),
      { numRuns: propertyRuns(10_000) },
    );
  }, 600_000);

  it("for any page, the same body gives the same Markdown", () => {
    fc.assert(
      fc.property(storageBody, (body) => {
        const once = readPage({ format: "storage", value: body }).toMarkdown(resolver);
        expect(readPage({ format: "storage", value: body }).toMarkdown(resolver)).toEqual(once);
      }),
      { numRuns: propertyRuns(200) },
    );
  });

  it("for any page, a missing tag loses no letter", () => {
    fc.assert(
      fc.property(storageBody, fc.nat(), (page, choice) => {
        // A cell without its table stands there once and not in each of its rows.
        const body = page.replaceAll(/span="\d"/g, 'span="1"');
        const tags = [...body.matchAll(TAG_OR_CDATA)].filter(([tag]) => !tag.startsWith("<!"));
        const tag = tags[choice % tags.length];
        fc.pre(tag !== undefined);
        const broken = body.slice(0, tag.index) + body.slice(tag.index + tag[0].length);
        expect(lettersLost(body, broken)).toBe("");
      }),
      { numRuns: propertyRuns(1000) },
    );
  }, 600_000);

  it("for any page, a truncated or mixed-up body throws nothing but a PermanentError", () => {
    const broken = fc
      .tuple(storageBody, fc.nat(), fc.nat())
      .map(
        ([body, from, length]) =>
          body.slice(0, from % body.length) + body.slice((from + (length % 40)) % body.length),
      );
    fc.assert(
      fc.property(
        fc.oneof(broken, fc.string({ unit: "binary" })),
        fc.constantFrom("storage", "export_view"),
        (body, format) => {
          try {
            const { markdown } = readPage({ format, value: body }).toMarkdown(resolver);
            expect(markdown).not.toContain("\u0000");
            expect(markdown.isWellFormed()).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(PermanentError);
            expect((error as PermanentError).code).not.toBe("conversion_failed");
          }
        },
      ),
      { numRuns: propertyRuns(3000) },
    );
  });
});

/** Bodies that a run of the properties above found, each once broken. */
it.each([
  [
    "emphasis amid a word, inside other emphasis",
    "<p><strong><em>a</em>b<em>c</em>2</strong><u>d</u></p>",
    "<p><em>a<strong>b</strong>c</em></p>",
  ],
  [
    "emphasis amid punctuation, inside other emphasis",
    "<p><em><strong>a</strong>2)<strong>![ aa</strong>a</em>b</p>",
  ],
  [
    "a link that begins with code that looks like a reference",
    '<p><a href="https://e.example/(a)?b=c&amp;d"><code>\\[^1]:\\\\h</code></a></p>',
  ],
  [
    "an exclamation mark before a picture that is a link",
    '<p>!<a href="https://e.example/"><ac:image><ri:url ri:value="https://e.example/p.png" /></ac:image></a></p>',
  ],
  ["text below a list in an item", "<ul><li><ul><li><p>a</p><p>b</p></li></ul>c</li></ul>"],
  ["a list below text that begins with 0", '<ul><li>a<ol start="0"><li>b</li></ol></li></ul>'],
  [
    "a panel that begins with such a list, or a table",
    `<ac:structured-macro ac:name="info"><ac:rich-text-body><ol start="0"><li>a</li></ol></ac:rich-text-body></ac:structured-macro>`,
    `<ac:structured-macro ac:name="info"><ac:rich-text-body><table><tr><td>a</td></tr></table></ac:rich-text-body></ac:structured-macro>`,
  ],
  [
    "a task without text, with code or tasks in it",
    `<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body><ac:task-list><ac:task><ac:task-body>a</ac:task-body></ac:task></ac:task-list></ac:task-body></ac:task></ac:task-list>`,
    `<ac:task-list><ac:task><ac:task-body><ac:structured-macro ac:name="code"><ac:plain-text-body>a</ac:plain-text-body></ac:structured-macro></ac:task-body></ac:task></ac:task-list>`,
  ],
  [
    "a link whose body is a line break",
    '<p><ac:link><ri:page ri:content-title="T" /><ac:link-body><br/></ac:link-body></ac:link>a</p>',
  ],
  [
    "lozenges and mentions right beside words",
    '<p>a<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">B</ac:parameter></ac:structured-macro>c<ac:link><ri:user ri:account-id="5" /></ac:link>d</p>',
  ],
  [
    "a word in parts, behind words that look like its parts",
    '<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">Aaa</ac:parameter><ac:rich-text-body><strong><ac:structured-macro ac:name="excerpt"><ac:rich-text-body>a</ac:rich-text-body></ac:structured-macro></strong></ac:rich-text-body></ac:structured-macro>a <ac:structured-macro ac:name="somebodys-macro"><ac:rich-text-body><ac:task-list><ac:task><ac:task-body><span><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Aaa a</ac:parameter></ac:structured-macro>aa</span><ac:task-list><ac:task><ac:task-body>a</ac:task-body></ac:task></ac:task-list></ac:task-body></ac:task></ac:task-list></ac:rich-text-body></ac:structured-macro><p>a</p>',
  ],
  [
    "a link without content amid code",
    '<p><code>a<a href="https://e.example/"><ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">here</ac:parameter></ac:structured-macro></a>b</code></p>',
  ],
  [
    "a box right beside words",
    '<p>a<ac:structured-macro ac:name="expand"><ac:rich-text-body>b</ac:rich-text-body></ac:structured-macro>c</p>',
  ],
  [
    "a macro within a word",
    '<p>a<ac:structured-macro ac:name="excerpt"><ac:rich-text-body>b</ac:rich-text-body></ac:structured-macro>c<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">x</ac:parameter></ac:structured-macro>d</p>',
  ],
])("the Markdown shows all words of %s", (_name, ...bodies) => {
  for (const body of bodies) expect(differences(body)).toEqual(NONE);
});
