import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRunner } from "#infra/local/runner/start.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { openConsole, type Console } from "./browser.ts";

const KEY = "a-key-of-some-length";

/** A service that wants a key, in which nothing is yet. */
let runner: LocalRunner;
let console: Console;

beforeAll(async () => {
  runner = await startTestRunner({ env: { API_KEY: KEY }, services: { embedder: fakeEmbedder() } });
  console = await openConsole(runner.url);
});
afterAll(async () => {
  await console.close();
  await runner.close();
});

/** Sooner than a list is read again. */
const AT_ONCE = { timeout: 5000 };
const heading = (name: string) => console.page.getByRole("heading", { level: 1, name }).waitFor(AT_ONCE);
const main = () => console.page.locator("main");

it("a service with a key asks for it, refuses a wrong one, and forgets the right one when told to", async () => {
  await console.open("#/");
  await heading("API key");
  expect(await main().innerText()).toContain("This service answers only requests with its key");
  expect(await console.faults()).toEqual([]);
  const key = console.page.getByLabel("Key");
  const use = console.page.getByRole("button", { name: "Use this key" });
  await key.fill("another-key-of-some-length");
  await use.click();
  await main().getByText("The service refuses the key.").waitFor();
  expect(await console.faults()).toEqual([]);
  await key.fill(KEY);
  await use.click();
  await heading("Sources");
  expect(await console.page.evaluate(() => document.cookie + JSON.stringify(localStorage))).toBe("{}");
  await console.page.getByRole("button", { name: "Forget the key" }).click();
  await heading("API key");
  expect(await key.inputValue()).toBe("");
  await key.fill(KEY);
  await use.click();
  await heading("Sources");
});

it.each([
  ["#/", "Nothing is synced yet. Connect a Confluence site with an API token: its spaces become sources."],
  ["#/search", "Page that should be found"],
  ["#/search?q=anything", "Nothing matches that this reader may see."],
  ["#/health", "No operation ended in these days."],
])("before anything is synced %s says so", async (hash, text) => {
  await console.page.goto(`${runner.url}/console${hash}`);
  await main().getByText(text).first().waitFor();
  expect(await console.faults()).toEqual([]);
  expect(console.errors).toEqual([]);
});
