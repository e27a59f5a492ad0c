import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openConsole } from "./browser.ts";
import { startSampleWorld, type SampleWorld } from "./sample-world.ts";

const DIR = process.env.SCREENSHOTS ?? "";
const NARROW = 360;

let world: SampleWorld;
beforeAll(async () => {
  await mkdir(DIR, { recursive: true });
  world = await startSampleWorld();
});
afterAll(() => world.close());

/** Every screen, as it looks after ten days of use. */
function screens(): Record<string, string> {
  const { sources, ids } = world;
  const source = `#/sources/${sources.DEMO}`;
  const query = "who answers the on-call phone at night";
  return {
    sources: "#/",
    connect: "#/connect",
    overview: source,
    "overview-expired": `#/sources/${sources.LABS}`,
    operations: `${source}?tab=timeline`,
    pages: `${source}?tab=pages`,
    "pages-failed": `${source}?tab=pages&status=failed`,
    "pages-files": `${source}?tab=pages&kind=attachment`,
    held: `#/sources/${sources.PEOPLE}?tab=held`,
    settings: `${source}?tab=settings`,
    "page-text": `${source}/pages/${ids.changed}`,
    "page-chunks": `${source}/pages/${ids.changed}?tab=chunks`,
    "page-changes": `${source}/pages/${ids.changed}?tab=changes`,
    "page-who": `${source}/pages/${ids.changed}?tab=who`,
    "page-files": `${source}/pages/${ids.withFiles}?tab=files`,
    "page-failed": `${source}/pages/${ids.failed}`,
    operation: `#/operations/${world.lastSync}`,
    "dry-run": `#/operations/${world.dryRun}`,
    search: `#/search?${new URLSearchParams({ q: query }).toString()}`,
    "search-why": `#/search?${new URLSearchParams({ q: query, page: "Rotating Secrets" }).toString()}`,
    health: "#/health",
    unknown: "#/nothing",
  };
}

it.each([
  { name: "light", width: 1280, colorScheme: "light" as const },
  { name: "dark", width: 1280, colorScheme: "dark" as const },
  { name: "narrow", width: NARROW, colorScheme: "light" as const },
])("writes every screen: $name", { timeout: 300_000 }, async ({ name, width, colorScheme }) => {
  const console = await openConsole(world.runner.url, {
    viewport: { width, height: 800 },
    colorScheme,
  });
  for (const [screen, hash] of Object.entries(screens())) {
    await console.open(hash);
    await console.page.screenshot({ path: join(DIR, `${screen}-${name}.png`), fullPage: true });
  }
  expect(console.errors).toEqual([]);
  await console.close();
});
