import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { addComment, deleteComment } from "#infra/local/confluence-site/comment-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { PermanentError } from "#shared/errors.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  expectEnded,
  pageByTitle,
  startServiceWithSite,
  topicBody,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";
import { openConsole, type Console } from "./browser.ts";

const PAGES = 30;
/** Texts with it are refused by the embedding model while `isRefusing`. */
const REFUSED = "unspeakable";

let isRefusing = false;
let service: ServiceWithSite;
let console: Console;

beforeAll(async () => {
  const embedder = fakeEmbedder();
  service = await startServiceWithSite({
    pages: PAGES,
    runner: {
      services: {
        embedder: {
          ...embedder,
          embed: async (texts, options) => {
            if (isRefusing && texts.some((text) => text.includes(REFUSED)))
              throw new PermanentError("embedding_refused", "The model refuses a chunk");
            return embedder.embed(texts, options);
          },
        },
      },
    },
  });
  await service.sync();
  console = await openConsole(service.runner.url);
});
afterAll(async () => {
  await console.close();
  await service.close();
});
/** Each state is left as it was found. */
afterEach(async () => {
  service.confluence.site.faults.length = 0;
  isRefusing = false;
  await service.runner.services.sql`update confluence_sites set paused_until = null`;
  await fetch(`${service.runner.url}/api/confluence/${service.sourceId}/cancel`, { method: "POST" });
  await eventually(async () => expectEnded(await service.service.latestOperation(service.sourceId)));
  if (console.errors.length > 0) throw new Error(console.errors.join("\n"));
});

const main = () => console.page.locator("main");
const link = (name: string | RegExp) => console.page.getByRole("link", { name });
const button = (name: string | RegExp) => console.page.getByRole("button", { name, exact: true });
const said = () => console.page.getByRole("status").textContent();
const screen = (tab = "") => `#/sources/${service.sourceId}${tab === "" ? "" : `?tab=${tab}`}`;
const text = (part: string | RegExp) => main().getByText(part).first();
const sees = (part: string | RegExp) => text(part).waitFor({ timeout: 20_000 });
/** Waits until the screen says how this operation ended. */
async function ended(name: string): Promise<void> {
  await expect.poll(said, { timeout: 30_000 }).toMatch(new RegExp(`^${name}: `));
}

describe("while Confluence fails", () => {
  it("a sync runs on, and says what fails and when the next attempt is; it can be cancelled", async () => {
    service.confluence.site.faults.push({
      effect: "status",
      status: 500,
      retry_after: null,
      share: 1,
      skip: 0,
    });
    await console.open(screen());
    await button("Sync now").click();
    await sees(/Confluence is failing: .*500.* Attempt 1 of 9 failed; the next attempt is at [\d:]{8}\./);
    await sees("retrying");
    expect(await console.faults()).toEqual([]);
    await console.open("#/");
    await sees("confluence failing");
    await link(/^Team ?: Details/).click();
    await button("Cancel").click();
    await ended("Incremental sync");
    expect(await said()).toBe("Incremental sync: cancelled");
    await console.page.getByRole("row", { name: /Incremental sync .* cancelled/ }).waitFor();
  });

  it("a sync that was asked to wait says until when, and that it continues by itself", async () => {
    service.confluence.site.faults.push({ effect: "rate_limit", retry_after: 90, share: 1, skip: 0 });
    await console.open(screen());
    await button("Sync now").click();
    await sees(/Confluence asked to be called more slowly \(429\)\. Its calls pause until [\d:]{8};/);
    await sees(/^.*paused until [\d:]{8}$/);
    expect(await console.faults()).toEqual([]);
    await button("Cancel").click();
    await ended("Incremental sync");
  });

  it("a token that expired is noticed, a wrong one is refused, and a new one makes the source active again", async () => {
    const { settings } = service.confluence.site;
    settings.token = "another-token";
    await console.open(screen());
    await button("Sync now").click();
    await sees("credentials expired");
    await sees("Confluence rejects the API token. Nothing is synced until a new one is entered.");
    expect(await console.faults()).toEqual([]);
    await link("Enter a new token").click();
    const token = console.page.getByLabel("New API token");
    await token.fill("a-wrong-one");
    await button("Replace the token").click();
    await console.page.getByRole("alert").waitFor();
    expect(await console.page.getByRole("alert").innerText()).toContain("credentials_rejected");
    expect(await console.faults()).toEqual([]);
    await token.fill("another-token");
    await button("Replace the token").click();
    await sees("The new token works and is stored.");
    expect(await token.inputValue()).toBe("");
    await console.open(screen());
    await button("Sync now").click();
    await ended("Incremental sync");
    await sees("up to date");
  });
});

describe("held deletions", () => {
  it("say why they are held, of comments too; some are kept, some approved, and comments are decided by a check", async () => {
    const { site } = service.confluence;
    const comments = Array.from({ length: 12 }, (_, number) =>
      addComment(site, {
        containerId: pageByTitle(site, "Topic 1").id,
        body: `<p>Remark ${number} about the badger den</p>`,
      }),
    );
    await service.sync();
    for (let number = 19; number <= PAGES; number += 1)
      trashPage(site, pageByTitle(site, `Topic ${number}`).id, { leavesChildren: true });
    for (const { id } of comments) deleteComment(site, id, { replies: "deleted" });
    await console.open(screen());
    await button("Check deletions").click();
    await ended("Deletion check");
    await link(/^Held deletions/).click();
    await sees(
      /was held .*: 12 of 31 pages would be deleted or hidden, more than the cap of 25 % and 10 pages\. 12 of/,
    );
    await sees("12 comments are held too.");
    expect(await main().innerText()).not.toContain("with force");
    expect(await console.faults()).toEqual([]);

    await console.page.getByLabel("Select Topic 19").check();
    await console.page.getByLabel("Select Topic 20").check();
    await button("Keep 2 selected").click();
    await sees("Kept: 2 pages. The next deletion check looks at them again.");
    await console.page.getByLabel("Select Topic 21").check();
    await button("Approve 1 selected").click();
    const dialog = console.page.getByRole("dialog", { name: "Approve 1 deletion?" });
    expect(await console.faults()).toEqual([]);
    await dialog.getByRole("button", { name: "Approve 1 selected" }).click();
    await sees("Approved: 1 page. Each is asked for once more before it goes.");
    // What is approved while that is under way waits for the sweeper's next minute.
    await eventually(async () => expectEnded(await service.service.latestOperation(service.sourceId)));
    await button("Approve all").click();
    await console.page.getByRole("dialog").getByRole("button", { name: "Approve all" }).click();
    await sees("Every page is decided.");
    expect(await service.service.pages(service.sourceId, "deleted")).toHaveLength(10);

    await button("Check without the limit …").click();
    await console.page.getByRole("dialog").getByRole("button", { name: "Check without the limit" }).click();
    await sees("Nothing is held: no deletion check exceeded the limit.");
    expect(await console.faults()).toEqual([]);
  });
});

describe("a page that fails", () => {
  it("says which version search has and why, and is synced again until it works", async () => {
    const { site } = service.confluence;
    const page = pageByTitle(site, "Topic 5");
    editPage(site, page.id, { body: topicBody(5, REFUSED) });
    isRefusing = true;
    await service.sync();
    await console.open(`#/sources/${service.sourceId}/pages/${page.id}`);
    await sees("The newest version could not be synced; search has version 1.");
    expect(await console.faults()).toEqual([]);
    await button("Sync this page").click();
    await link("See the result").click();
    await console.page.getByRole("row", { name: /Topic 5 embedding refused: .* failed/ }).waitFor();
    expect(await console.faults()).toEqual([]);
    isRefusing = false;
    await console.page.getByRole("rowheader").getByRole("link", { name: "Topic 5" }).click();
    await button("Sync this page").click();
    await sees("version 2");
    expect(await main().getByText("could not be synced").count()).toBe(0);
  });
});

it("a dry run shows what a sync would change, and changes nothing", async () => {
  const { site } = service.confluence;
  editPage(site, pageByTitle(site, "Topic 6").id, { body: topicBody(6, "plannedword") });
  await console.open(screen());
  await button("Dry run").click();
  await console.page.getByRole("heading", { level: 1, name: "Full sync, dry run" }).waitFor();
  await console.page.getByRole("row", { name: /Topic 6 updated page version 1 → 2/ }).waitFor();
  await sees("What it would change");
  expect(await console.faults()).toEqual([]);
  const stored = await service.service.pages(service.sourceId, "current");
  expect(stored.find((page) => page.title === "Topic 6")?.version).toBe(1);
});

it("dead letters say what they are about, and are sent again", async () => {
  const queue = service.runner.sqs.queues.page;
  const page = pageByTitle(service.confluence.site, "Topic 7");
  const letter = (operationId: string) =>
    service.runner.sqs.client.send(
      new SendMessageCommand({
        QueueUrl: queue?.deadLetterUrl,
        MessageBody: JSON.stringify({
          operation_id: operationId,
          source_id: service.sourceId,
          page_id: page.id,
        }),
        MessageGroupId: "a",
      }),
    );
  const { operation_id: operationId } = await service.sync();
  await letter(operationId);
  await letter(operationId);
  await console.open("#/health");
  await console.page.getByRole("row", { name: /^page \d+ \d+ \d+ 2 Some pages keep/ }).waitFor();
  await text("2 dead letters of the page queue").click();
  await link(page.id).first().waitFor();
  expect(await console.faults()).toEqual([]);
  await button("Send again: dead letters of the page queue").click();
  const dialog = console.page.getByRole("dialog", { name: "Send dead letters of the page queue again?" });
  expect(await console.faults()).toEqual([]);
  await dialog.getByRole("button", { name: "Send 2 again" }).click();
  await sees("2 messages sent again.");
  await console.page.getByRole("row", { name: /^page 0 0 0 0 / }).waitFor({ timeout: 20_000 });
});

describe("a source of 10,000 pages", () => {
  beforeAll(async () => {
    const { sql } = service.runner.services;
    await sql`
      insert into confluence_pages (source_id, page_id, title, version, url, modified_at, last_synced_at, chunk_count)
      select ${service.sourceId}, (8000000 + number)::text, 'Minutes ' || lpad(number::text, 5, '0'), 1,
        'https://acme.atlassian.net/wiki/spaces/TEAM/pages/' || (8000000 + number), now(), now(), 1
      from generate_series(1, 10000) as number`;
  });

  it("is paged forward and back, and filtered by title", async () => {
    await console.open(screen("pages"));
    const first = () => console.page.getByRole("rowheader").first().innerText();
    const shown = [await first()];
    for (let pages = 0; pages < 3; pages += 1) {
      await button("Next page").click();
      await expect.poll(first).not.toBe(shown.at(-1));
      shown.push(await first());
    }
    expect(new Set(shown).size).toBe(4);
    expect(await console.faults()).toEqual([]);
    await button("Previous page").click();
    await expect.poll(first).toBe(shown[2]);
    await console.page.goBack();
    await expect.poll(first).toBe(shown[3]);
    await button("First page").click();
    await expect.poll(first).toBe(shown[0]);
    await console.page.getByLabel("Title or id").fill("minutes 0999");
    await expect.poll(first).toContain("Minutes 0999");
    expect(await console.page.getByRole("rowheader").count()).toBe(10);
    await console.open("#/");
    await console.page.getByRole("link", { name: /^10,0\d\d$/ }).waitFor();
  });

  it("has its failed pages found, selected and synced again together", async () => {
    const { site } = service.confluence;
    const titles = Array.from({ length: 8 }, (_, index) => `Topic ${index + 8}`);
    for (const title of titles) editPage(site, pageByTitle(site, title).id, { body: topicBody(8, REFUSED) });
    isRefusing = true;
    await service.sync();
    isRefusing = false;
    await console.open(screen("pages"));
    await console.page.getByLabel("State").selectOption("failed");
    await expect.poll(() => console.page.getByRole("rowheader").count()).toBe(titles.length);
    await console.page.setViewportSize({ width: 360, height: 740 });
    await console.page.getByLabel("Select all on this page").check();
    await sees("8 pages selected");
    await console.page.getByLabel("Select Topic 9").uncheck();
    await sees("7 pages selected");
    await console.page.getByLabel("Select Topic 9").check();
    expect(await console.faults()).toEqual([]);
    await console.page.setViewportSize({ width: 1280, height: 800 });
    await button("Sync again").click();
    await sees(/Syncing|synced when the running operation ends/);
    await sees("No page matches these filters.");
    expect(await console.faults()).toEqual([]);
  });
});
