import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";

let service: ServiceWithSite;
let screens: Record<string, string>;

beforeAll(async () => {
  service = await startServiceWithSite({ pages: 12 });
  const sync = await service.sync();
  const source = `#/sources/${service.sourceId}`;
  const [page] = await service.service.pages(service.sourceId, "current");
  screens = {
    sources: "#/",
    connect: "#/connect",
    overview: source,
    operations: `${source}?tab=timeline`,
    pages: `${source}?tab=pages`,
    "held deletions": `${source}?tab=held`,
    settings: `${source}?tab=settings`,
    "text of a page": `${source}/pages/${page?.page_id}`,
    "chunks of a page": `${source}/pages/${page?.page_id}?tab=chunks`,
    "last change of a page": `${source}/pages/${page?.page_id}?tab=changes`,
    "who finds a page": `${source}/pages/${page?.page_id}?tab=who`,
    "files of a page": `${source}/pages/${page?.page_id}?tab=files`,
    operation: `#/operations/${sync.operation_id}`,
    search: "#/search?q=marker3&page=Topic+3",
    health: "#/health",
    unknown: "#/nothing/here",
  };
});
afterAll(() => service.close());

const WAYS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  "360 pixels wide": { viewport: { width: 360, height: 740 } },
  // As at 200 %: half as many pixels in each direction.
  "zoomed to 200 %": { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  "in forced colours, without motion": { forcedColors: "active", reducedMotion: "reduce" },
} as const;

describe.each(Object.entries(WAYS))("%s", (_, options) => {
  let console: Console;
  beforeAll(async () => {
    console = await openConsole(service.runner.url, options);
  });
  afterAll(() => console.close());

  it("no screen breaks a rule of WCAG 2.2 AA, is wider than the window, or fails under the policy", async () => {
    const found: Record<string, string[]> = {};
    for (const [name, hash] of Object.entries(screens)) {
      await console.open(hash);
      const faults = await console.faults();
      if (faults.length > 0) found[name] = faults;
    }
    expect(found).toEqual({});
    expect(console.errors).toEqual([]);
  });
});

/** What can be used, in the order of the document. */
const CONTROLS = "a[href], button, input, select, textarea, summary";

it("every control of every screen is reached by Tab, in its order, and shows that it has the focus", async () => {
  const console = await openConsole(service.runner.url);
  const { page } = console;
  const controls = page.locator(CONTROLS).filter({ visible: true });
  const reached = () =>
    page.evaluate((selector) => {
      const { activeElement: element } = document;
      const visible = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
      const isShown = element !== null && getComputedStyle(element).outlineStyle !== "none";
      return element && { at: visible.indexOf(element), isShown, html: element.outerHTML.slice(0, 100) };
    }, CONTROLS);
  const wrong: Record<string, unknown[]> = {};
  for (const [name, hash] of Object.entries(screens)) {
    await console.open(hash);
    const count = await controls.and(page.locator(":enabled, a, summary")).count();
    const walk: Awaited<ReturnType<typeof reached>>[] = [];
    for (let n = 0; n < count; n += 1) {
      await page.keyboard.press("Tab");
      walk.push(await reached());
    }
    const order = walk.map((one) => one?.at ?? -1);
    const isInOrder = order.every((at, n) => at >= 0 && (n === 0 || at > (order[n - 1] ?? -1)));
    const hidden = walk.filter((one) => !one?.isShown);
    if (!isInOrder || hidden.length > 0 || count < 4) wrong[name] = [count, order, ...hidden];
  }
  await console.close();
  expect(wrong).toEqual({});
});
