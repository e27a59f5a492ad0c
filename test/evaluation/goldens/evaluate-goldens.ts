import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { readPage } from "#shared/markdown/read-page.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { MEASURES } from "#test/evaluation/conversion/compare-page.ts";
import { compareCounts } from "#test/evaluation/conversion/compare-sequences.ts";
import { pageFacts, type PageFacts } from "#test/evaluation/conversion/page-facts.ts";
import { readStorage } from "#test/evaluation/conversion/page-tree.ts";
import { renderMarkdown } from "#test/evaluation/conversion/render-markdown.ts";
import { evaluationResolver } from "#test/evaluation/conversion/resolver.ts";
import { shownPage } from "#test/evaluation/conversion/shown-page.ts";

const SAMPLE = 20;

type Verdict = "ours is the page's" | "theirs is the page's" | "undecided";
type GoldenDifference = { file: string; kind: string; verdict: Verdict; item: string };

export const evaluateGoldens = defineCommand({
  name: "npm run evaluate -- goldens",
  does: "Our Markdown beside that of other converters, both rendered: what one has and the other has not, by kind.",
  options: {
    dir: { type: "folder", value: "DIR", required: true, description: "NAME.input.xml and NAME.expected.md" },
  },
  run: async ({ dir }) => evaluate(dir),
});

/** The page itself decides which of the two is right, where it can. */
async function evaluate(dir: string): Promise<void> {
  const differences: GoldenDifference[] = [];
  let pairs = 0;
  for (const name of (await readdir(dir, { recursive: true })).sort()) {
    if (!name.endsWith(".input.xml")) continue;
    const path = join(dir, name);
    const body = await readFile(path, "utf8");
    const golden = await readFile(path.replace(/\.input\.xml$/, ".expected.md"), "utf8");
    differences.push(...differencesOf(relative(dir, path), body, golden));
    pairs++;
  }
  print(pairs, differences);
}

function differencesOf(file: string, body: string, golden: string): GoldenDifference[] {
  const { markdown } = readPage({ format: "storage", value: body }).toMarkdown(evaluationResolver);
  const ours = pageFacts(renderMarkdown(markdown));
  const theirs = pageFacts(renderMarkdown(golden));
  const page = pageFacts(shownPage(readStorage(body)), "page");
  return MEASURES.flatMap((measure) => {
    const items = (facts: PageFacts): readonly string[] => facts[measure];
    const { lost, extra } = compareCounts(items(theirs), items(ours));
    const missing = new Set(compareCounts(items(page), items(ours)).lost);
    const beyond = new Set(compareCounts(items(page), items(ours)).extra);
    const shown = new Set(items(page));
    const found = (kind: string, item: string, verdict: Verdict): GoldenDifference => ({
      file,
      kind: `${measure}: ${kind}`,
      verdict,
      item,
    });
    return [
      ...lost.map((item) =>
        found(
          "only theirs",
          item,
          missing.has(item) ? "theirs is the page's" : shown.has(item) ? "undecided" : "ours is the page's",
        ),
      ),
      ...extra.map((item) => found("only ours", item, beyond.has(item) ? "undecided" : "ours is the page's")),
    ];
  });
}

function print(pairs: number, differences: readonly GoldenDifference[]): void {
  const kinds = Map.groupBy(differences, ({ kind, verdict }) => `${kind.padEnd(26)}${verdict}`);
  console.log(`${pairs} pairs, ${differences.length} differences`);
  for (const [kind, items] of [...kinds].sort((a, b) => b[1].length - a[1].length)) {
    console.log(`${String(items.length).padStart(6)}  ${kind}`);
  }
  const step = Math.max(1, Math.floor(differences.length / SAMPLE));
  console.log(`\na sample of ${SAMPLE}:`);
  for (const difference of differences.filter((_, index) => index % step === 0).slice(0, SAMPLE)) {
    console.log(line(difference));
  }
  const undecided = differences.filter(({ verdict }) => verdict !== "ours is the page's");
  console.log(`\ntheirs better, or undecided: ${undecided.length}`);
  for (const difference of undecided) console.log(line(difference));
}

function line({ file, kind, verdict, item }: GoldenDifference): string {
  return `  ${kind} (${verdict})  ${item.slice(0, 90)}  [${file}]`;
}
