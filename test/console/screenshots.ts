import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openConsole, type Console } from "./browser.ts";
import { NEW_SITE, startSampleWorld, type SampleWorld } from "./sample-world.ts";

const DIR = process.env.SCREENSHOTS ?? "";
const NARROW = 360;
/** What README.md shows, from `infra/console/pictures/`, and how high. */
const PICTURES = { sources: 680, "search-why": 760 };

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

/** What is seen after a click or two, or while something fails. */
const STATES: Record<string, (console: Console) => Promise<void>> = {
  "connect-checked": async ({ page, open }) => {
    await open("#/connect");
    await page.getByLabel("Address of the site").fill(NEW_SITE);
    await page.getByLabel("E-mail of the account").fill("ada@harbourlight.example");
    await page.getByLabel("API token").last().fill("demo-token");
    await page.getByLabel("Space keys").fill("*");
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByRole("heading", { name: "What would be synced" }).waitFor();
  },
  "connect-refused": async ({ page }) => {
    await page.getByLabel("API token").last().fill("a-wrong-token");
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText("failed", { exact: false }).first().waitFor();
  },
  "dead-letters": async ({ page, open }) => {
    await open("#/health");
    await page.getByText("2 dead letters of the page queue").click();
  },
  "held-dialog": async ({ page, open }) => {
    await open(`#/sources/${world.sources.PEOPLE}?tab=held`);
    await page.getByLabel("Select Office Porto: Lunch").check();
    await page.getByRole("button", { name: "Approve 1 selected" }).click();
    await page.getByRole("dialog").waitFor();
  },
  "overview-failing": async ({ page, open }) => {
    world.site.faults.push({ effect: "status", status: 500, retry_after: null, share: 1, skip: 0 });
    await open(`#/sources/${world.sources.OPS}`);
    await page.getByRole("button", { name: "Sync now" }).click();
    await page.getByText("Confluence is failing").waitFor({ timeout: 30_000 });
  },
  "sources-failing": async ({ page, open }) => {
    await open("#/");
    await page.getByText("confluence failing").waitFor();
    world.site.faults.length = 0;
    const path = `${world.runner.url}/api/confluence/${world.sources.OPS}/cancel`;
    await fetch(path, { method: "POST" });
  },
  "no-service": async ({ page, open }) => {
    await open("#/");
    await page.route("**/api/**", (route) => route.abort());
    await page.getByRole("alert").waitFor({ timeout: 20_000 });
  },
};

it.each([
  { name: "light", width: 1280, colorScheme: "light" as const },
  { name: "dark", width: 1280, colorScheme: "dark" as const },
  { name: "narrow", width: NARROW, colorScheme: "light" as const },
])("writes every screen: $name", { timeout: 300_000 }, async ({ name, width, colorScheme }) => {
  const console = await openConsole(world.runner.url, {
    viewport: { width, height: 800 },
    colorScheme,
  });
  const write = (screen: string) =>
    console.page.screenshot({ path: join(DIR, `${screen}-${name}.png`), fullPage: true });
  for (const [screen, hash] of Object.entries(screens())) {
    await console.open(hash);
    await write(screen);
  }
  if (name === "light") {
    for (const [screen, height] of Object.entries(PICTURES)) {
      await console.open(screens()[screen] ?? "");
      const clip = { x: 0, y: 0, width, height };
      await console.page.screenshot({ path: join(DIR, `picture-${screen}.png`), clip });
    }
  }
  for (const [state, reach] of Object.entries(STATES)) {
    await reach(console);
    await write(state);
  }
  expect(console.errors).toEqual([]);
  await console.close();
});
