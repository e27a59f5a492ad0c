import { fileURLToPath } from "node:url";
import TurndownService from "turndown";
import { gfm } from "turndown-plugin-gfm";
import { readPage } from "#shared/markdown/read-page.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { BODY_FORMAT, readPageBodies, type PageBody } from "#test/support/page-bodies.ts";
import { unresolvedReferences } from "#test/support/unresolved-references.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/confluence/export_view", import.meta.url));
/** Each converter goes over all pages this often, in turns; the fastest turn counts, which leaves out what else the machine does. */
const TURNS = 7;
const MIN_PAGES = 200;

/** Ours against turndown with its GFM plugin as it comes, in the same run. */
export const benchConversion = defineCommand({
  name: "npm run bench -- conversion",
  does: "Pages a second to Markdown, beside another converter.",
  options: {
    dir: { type: "folder", value: "DIR", description: "page bodies, in place of the fixtures, repeated" },
    format: BODY_FORMAT,
  },
  run: async ({ dir, format }) => measure(await readPageBodies(dir ?? FIXTURES, format)),
});

function measure(bodies: readonly PageBody[]): object {
  const turndown = new TurndownService().use(gfm);
  // The plugin throws on tables without rows; pages that one of the two cannot convert are left out for both.
  const converted = bodies.filter(({ body }) => isConverted(() => turndown.turndown(body)));
  const pages = [...converted];
  while (pages.length < MIN_PAGES && converted.length > 0) pages.push(...converted);
  const converters = {
    ours: (page: PageBody): unknown =>
      readPage({ format: page.format, value: page.body }).toMarkdown(unresolvedReferences),
    turndown_gfm: ({ body }: PageBody): unknown => turndown.turndown(body),
  };
  const best = { ours: Infinity, turndown_gfm: Infinity };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of ["ours", "turndown_gfm"] as const) {
      const started = performance.now();
      for (const page of pages) converters[name](page);
      best[name] = Math.min(best[name], performance.now() - started);
    }
  }
  const perSecond = (milliseconds: number): number => Math.round((pages.length / milliseconds) * 1000);
  return {
    bench: "conversion",
    pages: pages.length,
    turndown_gfm_failed: bodies.length - converted.length,
    pages_per_second: perSecond(best.ours),
    turndown_gfm_pages_per_second: perSecond(best.turndown_gfm),
    ratio: Number((best.turndown_gfm / best.ours).toFixed(2)),
  };
}

function isConverted(convert: () => unknown): boolean {
  try {
    convert();
    return true;
  } catch {
    return false; // Counted in the result as `turndown_gfm_failed`.
  }
}
