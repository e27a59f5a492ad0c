import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** WCAG 2.2 AA; `target-size`, its one rule of 2.2, is off unless it is switched on. */
const RULES = {
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] },
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"],
};

export type Console = {
  page: Page;
  /** Goes to a screen by its hash, and waits until nothing is being read any more. */
  open: (hash: string) => Promise<void>;
  /** What axe finds, and whether the screen is wider than the window. */
  faults: () => Promise<string[]>;
  /** What the browser's console and uncaught errors said; responses that failed are not in it. */
  errors: string[];
  close: () => Promise<void>;
};

/** A browser at the console of this service, with a profile of its own. Throws when there is no Chromium: a skipped test proves nothing. */
export async function openConsole(url: string, options: BrowserContextOptions = {}): Promise<Console> {
  if (!existsSync(EXECUTABLE))
    throw new Error(`No browser at ${EXECUTABLE}: apt-get install chromium, or set CHROMIUM to another one`);
  const profile = await mkdtemp(join(tmpdir(), "console-browser-"));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) errors.push(text);
  });
  return {
    page,
    errors,
    async open(hash) {
      await page.goto("about:blank");
      await page.goto(`${url}/console${hash}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForFunction(() => !/Reading .* …/.test(document.body.innerText));
    },
    async faults() {
      await page.evaluate(AXE);
      const violations = await page.evaluate(async (rules) => {
        const { axe } = globalThis as unknown as {
          axe: { run: (...input: unknown[]) => Promise<AxeResults> };
        };
        return (await axe.run(document, rules)).violations.map(({ id, nodes }) => ({
          id,
          elements: nodes.map(({ html }) => html.slice(0, 200)),
        }));
      }, RULES);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      return [
        ...violations.flatMap(({ id, elements }) => elements.map((html) => `${id}: ${html}`)),
        ...(wider > 0 ? [`${wider} pixels wider than the window`] : []),
      ];
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
