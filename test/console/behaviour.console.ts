import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";

let service: ServiceWithSite;
let console: Console;

beforeAll(async () => {
  service = await startServiceWithSite({ pages: 3 });
  await service.sync();
});
afterAll(() => service.close());
beforeEach(async () => {
  console = await openConsole(service.runner.url);
});
afterEach(() => console.close());

const focused = () => console.page.evaluate(() => document.activeElement?.textContent ?? "");
const press = (key: string) => console.page.keyboard.press(key);

const pageId = async () => (await service.service.pages(service.sourceId, "current"))[0]?.page_id ?? "";

describe("the console by keyboard", () => {
  it("begins with a link to the content, and a new screen begins at its heading", async () => {
    await console.open("#/");
    await press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await press("Enter");
    expect(await console.page.evaluate(() => document.activeElement?.id)).toBe("main");
    await console.page.getByRole("link", { name: "Team", exact: true }).focus();
    await press("Enter");
    await console.page.getByRole("heading", { level: 1, name: "Team" }).waitFor();
    await expect.poll(focused).toBe("Team");
    expect(await console.page.title()).toBe("Team · Confluence sync");
  });

  it("a dialog takes the focus, Escape closes it, and the focus returns to what opened it", async () => {
    await console.open(`#/sources/${service.sourceId}?tab=settings`);
    await console.page.getByRole("button", { name: "Delete …" }).focus();
    await press("Enter");
    const dialog = console.page.getByRole("dialog", { name: "Delete Team?" });
    await dialog.waitFor();
    expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
    await press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await focused()).toBe("Delete …");
  });

  it("a source is deleted only by its key, typed", async () => {
    await console.open(`#/sources/${service.sourceId}?tab=settings`);
    await console.page.getByRole("button", { name: "Delete …" }).click();
    const confirm = console.page.getByRole("dialog").getByRole("button", { name: "Delete this source" });
    expect(await confirm.getAttribute("aria-disabled")).toBe("true");
    await confirm.click({ force: true });
    expect((await service.service.pages(service.sourceId, "current")).length).toBeGreaterThan(0);
    await console.page
      .getByRole("dialog")
      .getByLabel(/^Type TEAM/)
      .fill("TEAM");
    expect(await confirm.getAttribute("aria-disabled")).toBeNull();
  });
});

describe("what the console reads", () => {
  const statuses = () => {
    const seen: number[] = [];
    console.page.on("response", (response) => {
      if (response.url().endsWith("/status")) seen.push(response.status());
    });
    return seen;
  };

  it("what has not changed is not sent again", async () => {
    const seen = statuses();
    await console.page.clock.install();
    await console.open(`#/sources/${service.sourceId}`);
    // The next request is due some time after the response to the one before has come, which takes time of its own.
    const askedAgain = async () => {
      await console.page.clock.runFor(11_000);
      return seen.includes(304);
    };
    await expect.poll(askedAgain, { timeout: 20_000 }).toBe(true);
  });

  it("a hidden tab asks nothing, and one that is shown again asks at once", async () => {
    await console.page.clock.install();
    await console.open(`#/sources/${service.sourceId}?tab=pages`);
    const show = (state: string) =>
      console.page.evaluate((visibility) => {
        Object.defineProperty(document, "visibilityState", { value: visibility, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await show("hidden");
    let asked = 0;
    console.page.on("request", () => (asked += 1));
    // Longer than the interval of any list that this screen reads.
    await console.page.clock.runFor(11_000);
    expect(asked).toBe(0);
    await show("visible");
    await expect.poll(() => asked).toBeGreaterThan(0);
  });

  it("what is read once and failed while the tab was hidden is read again when it is shown", async () => {
    const { page } = console;
    await page.clock.install();
    await page.addInitScript(() =>
      Object.defineProperty(document, "visibilityState", {
        get: () => (globalThis as { visibility?: string }).visibility ?? "hidden",
        configurable: true,
      }),
    );
    const text = `#/sources/${service.sourceId}/pages/${await pageId()}`;
    await page.route("**/api/pages/**", (route) => route.abort());
    await console.open(text);
    await page.getByText("Could not read the text.").waitFor();
    await page.unroute("**/api/pages/**");
    await page.evaluate(() => {
      Object.assign(globalThis, { visibility: "visible" });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await page.getByText(/\d characters/).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("what is refused is not asked for again by itself, and a person may ask again", async () => {
    const { page } = console;
    await page.clock.install();
    let asked = 0;
    await page.route("**/api/confluence/nothing", (route) => {
      asked += 1;
      return route.continue();
    });
    await console.open("#/sources/nothing");
    await page.getByRole("alert").waitFor();
    await page.clock.runFor(120_000);
    expect(asked).toBe(1);
    await page.getByRole("button", { name: "Read again: the source" }).click();
    await expect.poll(() => asked).toBe(2);
  });

  it("while the service is down it says so, keeps what it has with its age, and recovers by itself", async () => {
    await console.page.clock.install();
    await console.open("#/");
    await console.page.route("**/api/**", (route) => route.abort());
    await console.page.clock.runFor(11_000);
    await console.page.getByRole("alert").waitFor();
    expect(await console.page.getByRole("alert").innerText()).toContain("service_unreachable");
    expect(await console.page.locator("main").innerText()).toMatch(/As of [\d:]{8}, not refreshed since/);
    expect(await console.page.getByRole("link", { name: "Team", exact: true }).count()).toBe(1);
    await console.page.unroute("**/api/**");
    // The next attempt waits twice as long.
    await console.page.clock.runFor(21_000);
    await console.page.getByRole("alert").waitFor({ state: "detached" });
  });

  it("an error has its code, what to do, and the request id of the service's log", async () => {
    await console.open("#/sources/nothing");
    const text = await console.page.getByRole("alert").innerText();
    expect(text).toMatch(/source_not_found · request [0-9a-f-]{36}/);
    expect(text).toContain("Go back to the list of sources");
  });
});

it("progress is said at once, and then no more than every ten seconds, and the end is said", async () => {
  const { page } = console;
  const { site } = service.confluence;
  site.faults.push({ effect: "status", status: 500, retry_after: null, share: 1, skip: 0 });
  const operationId = await service.service.startSync(service.sourceId);
  // The real response, with a sync that advances by one percent each second.
  let percent = 0;
  let isEnded = false;
  await page.route("**/status", async (route) => {
    const response = await route.fetch({ headers: { ...route.request().headers(), "if-none-match": "" } });
    const body: unknown = await response.json();
    percent += 1;
    const status = isEnded ? "completed" : "processing";
    await route.fulfill({ json: { ...Object(body), operation_id: operationId, percent, status } });
  });
  await page.clock.install();
  await page.addInitScript(() => {
    const said: { at: number; text: string }[] = [];
    Object.assign(globalThis, { said });
    addEventListener("DOMContentLoaded", () =>
      new MutationObserver(() => {
        const text = document.querySelector("[role=status]")?.textContent ?? "";
        if (text !== "" && text !== said.at(-1)?.text) said.push({ at: performance.now(), text });
      }).observe(document, { subtree: true, childList: true, characterData: true }),
    );
  });
  const said = () =>
    page.evaluate(() => (globalThis as unknown as { said: { at: number; text: string }[] }).said);
  const second = async () => {
    const read = page.waitForResponse("**/status");
    await page.clock.runFor(1000);
    await read;
  };
  await console.open(`#/sources/${service.sourceId}`);
  for (let seconds = 0; seconds < 25; seconds += 1) await second();
  const progress = await said();
  expect(progress[0]?.text).toMatch(/^\d percent, /);
  expect(progress.length).toBe(3);
  for (const [index, { at }] of progress.slice(1).entries())
    expect(at - (progress[index]?.at ?? 0)).toBeGreaterThanOrEqual(10_000);
  isEnded = true;
  await second();
  await expect.poll(async () => (await said()).at(-1)?.text).toBe("Incremental sync: completed");
  site.faults.length = 0;
  const path = `${service.runner.url}/api/confluence/${service.sourceId}/cancel`;
  expect((await fetch(path, { method: "POST" })).ok).toBe(true);
});

it("a title that looks like markup is text, in the document too", async () => {
  const title = '<img src=x onerror="document.title=1">';
  const path = `/api/confluence/${service.sourceId}`;
  const body = JSON.stringify({ title });
  await fetch(service.runner.url + path, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body,
  });
  await console.open(`#/sources/${service.sourceId}`);
  await expect.poll(() => console.page.getByRole("heading", { level: 1 }).innerText()).toBe(title);
  expect(await console.page.locator("main img").count()).toBe(0);
  expect(console.errors).toEqual([]);
});

it("no code can be put into the page: neither inline, nor from elsewhere, nor through HTML", async () => {
  await console.open("#/");
  const tried = await console.page.evaluate(async () => {
    const ran: string[] = [];
    const inline = document.createElement("script");
    try {
      inline.textContent = "globalThis.ran = true";
    } catch {
      // Refused as no trusted script.
    }
    document.head.append(inline);
    if ("ran" in globalThis) ran.push("inline");
    try {
      document.body.insertAdjacentHTML("beforeend", "<b>x</b>");
      ran.push("html");
    } catch {
      // Refused as no trusted HTML.
    }
    await fetch("https://example.com/").then(
      () => ran.push("fetch"),
      () => {},
    );
    return ran;
  });
  expect(tried).toEqual([]);
});

it("a source says who announces its edits, and what that missed", async () => {
  const path = "/api/confluence/sites";
  const listed = await (await fetch(service.runner.url + path)).text();
  const siteId = /"site_id":"([^"]+)"/.exec(listed)?.[1] ?? "";
  const made = await fetch(`${service.runner.url}${path}/${siteId}/hooks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ kind: "automation" }),
  });
  expect(made.status).toBe(201);
  await console.open(`#/sources/${service.sourceId}`);
  await console.page.getByText("automation hook: nothing received").waitFor();
  await service.runner.services
    .sql`update confluence_hooks set last_delivery_at = now() - interval '3 minutes', missed = 2`;
  await console.open("#/");
  await console.page.getByText(/automation hook: last delivery 3 min ago, 2 edits not announced/).waitFor();
});
