import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addPage, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  pageByTitle,
  SPACE,
  startServiceWithSite,
  topicBody,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";

const PAGES = 30;

describe("a space kept in step, over HTTP and SQS", () => {
  let at: ServiceWithSite;
  beforeAll(async () => {
    at = await startServiceWithSite({
      pages: PAGES,
      strategy: "every_sync",
      runner: { visibilityTimeoutSeconds: 5 },
    });
  });
  afterAll(() => at.close());

  const find = async (query: string) => (await at.service.search(query, 5)).map((hit) => hit.title);
  const bodiesFetched = () =>
    at.confluence.site.requests
      .filter((request) => request.query.includes("body-format="))
      .flatMap((request) => new URLSearchParams(request.query).getAll("id"))
      .flatMap((ids) => ids.split(","));

  it("a first sync stores every page of the space, and search finds each by a word that only it has", async () => {
    const operation = await at.sync();
    expect(operation).toMatchObject({ status: "completed", percent: 100, failed_pages: [] });
    expect(operation.sync_metrics).toMatchObject({ pages_added: PAGES + 1, pages_failed: 0 });
    const stored = await at.service.pages(at.sourceId, "current");
    expect(stored.map((page) => page.title).toSorted()).toEqual(
      [...at.confluence.site.pages.values()].map((page) => page.title).toSorted(),
    );
    expect((await find("marker17"))[0]).toBe("Topic 17");
  });

  it("a sync fetches no body when nothing has changed", async () => {
    at.confluence.site.requests.length = 0;
    const operation = await at.sync();
    expect(operation.sync_metrics).toMatchObject({ pages_added: 0, pages_updated: 0, embeddings_created: 0 });
    expect(bodiesFetched()).toEqual([]);
  });

  it("a sync fetches only an edited page, replaces what changed, and keeps the rest", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 5");
    editPage(at.confluence.site, page.id, { body: topicBody(5, "pomegranate") });
    at.confluence.site.requests.length = 0;
    const operation = await at.sync();
    expect(operation.sync_metrics).toMatchObject({ pages_updated: 1, pages_added: 0, embeddings_created: 1 });
    expect(operation.sync_metrics.embeddings_reused).toBeGreaterThan(0);
    expect(bodiesFetched()).toEqual([page.id]);
    expect((await find("pomegranate"))[0]).toBe("Topic 5");
    expect(await contents("marker5")).not.toContain("marker5");
  });

  it("a deleted page leaves search, its row keeps the reason, and an event reports it", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 9");
    trashPage(at.confluence.site, page.id);
    await at.sync();
    expect(await find("marker9")).not.toContain("Topic 9");
    const deleted = await at.service.pages(at.sourceId, "deleted");
    expect(deleted).toEqual([
      expect.objectContaining({
        page_id: page.id,
        title: "Topic 9",
        chunk_count: 0,
        deleted_reason: "trashed",
      }),
    ]);
    await at.runner.invoke("sweep", {});
    expect(at.runner.recentEvents()).toContainEqual(
      expect.objectContaining({
        type: "page.deleted",
        detail: expect.objectContaining({ page_id: page.id, title: "Topic 9", reason: "trashed" }),
      }),
    );
  });

  it("one round stores added and moved pages", async () => {
    const parent = pageByTitle(at.confluence.site, "Topic 1");
    movePage(at.confluence.site, pageByTitle(at.confluence.site, "Topic 2").id, { parentId: parent.id });
    addPage(at.confluence.site, { space: SPACE, title: "Newcomer", body: "<p>Brought by a kookaburra.</p>" });
    const operation = await at.sync();
    expect(operation.sync_metrics.pages_added).toBe(1);
    expect((await find("kookaburra"))[0]).toBe("Newcomer");
    const moved = (await at.service.pages(at.sourceId, "current")).find((page) => page.title === "Topic 2");
    expect(moved?.parent_id).toBe(parent.id);
  });

  it("a sync waits out a rate limit without failing a page or counting a receive", async () => {
    for (const number of [11, 12, 13]) {
      const page = pageByTitle(at.confluence.site, `Topic ${number}`);
      editPage(at.confluence.site, page.id, { body: topicBody(number, `limited${number}`) });
    }
    at.confluence.site.faults.push(
      { effect: "rate_limit", retry_after: 1, path: "/content/search", times: 1, skip: 0 },
      { effect: "rate_limit", retry_after: 1, path: "body-format=storage", times: 2, skip: 0 },
    );
    const operation = await at.sync();
    expect(at.confluence.site.faults).toEqual([]);
    expect(operation).toMatchObject({ status: "completed", failed_pages: [] });
    expect(operation.sync_metrics.pages_updated).toBe(3);
    expect((await find("limited12"))[0]).toBe("Topic 12");
    expect(await deadLetters()).toBe(0);
  });

  it("a sync records a page that cannot be stored, keeps its old content, and stores the other pages", async () => {
    const poison = pageByTitle(at.confluence.site, "Topic 20");
    const oversized = `<p>${"x".repeat(21 * 1024 * 1024)}</p>`;
    editPage(at.confluence.site, poison.id, { body: oversized });
    editPage(at.confluence.site, pageByTitle(at.confluence.site, "Topic 21").id, {
      body: topicBody(21, "neighbour"),
    });
    const operation = await at.sync();
    expect(operation.status).toBe("completed_with_errors");
    expect(operation.failed_pages).toEqual([
      expect.objectContaining({ page_id: poison.id, code: "body_too_large", message: expect.any(String) }),
    ]);
    expect((await find("neighbour"))[0]).toBe("Topic 21");
    expect((await find("marker20"))[0]).toBe("Topic 20");
    expect(await deadLetters()).toBe(0);

    editPage(at.confluence.site, poison.id, { body: topicBody(20, "mended") });
    expect((await at.sync()).status).toBe("completed");
    expect((await find("mended"))[0]).toBe("Topic 20");
  });

  async function contents(query: string): Promise<string> {
    const hits = await at.service.search(query, 20);
    return hits.map((hit) => hit.content).join("\n");
  }

  async function deadLetters(): Promise<number> {
    const { client, queues } = at.runner.sqs;
    const counts = await Promise.all(
      Object.values(queues).map(async ({ deadLetterUrl }) => {
        const answer = await client.send(
          new GetQueueAttributesCommand({
            QueueUrl: deadLetterUrl,
            AttributeNames: ["ApproximateNumberOfMessages"],
          }),
        );
        return Number(answer.Attributes?.ApproximateNumberOfMessages);
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
});

describe("a message that no worker can read", () => {
  it("an invalid message goes to the dead-letter queue after its receives, and blocks nothing", async () => {
    const at = await startServiceWithSite({ pages: 3, runner: { visibilityTimeoutSeconds: 2 } });
    const { client, queues } = at.runner.sqs;
    await client.send(new SendMessageCommand({ QueueUrl: queues.page?.url, MessageBody: "{not a task" }));
    expect((await at.sync()).status).toBe("completed");
    const dead = await eventually(
      async () => {
        const answer = await client.send(new ReceiveMessageCommand({ QueueUrl: queues.page?.deadLetterUrl }));
        expect(answer.Messages).toHaveLength(1);
        return answer.Messages?.[0];
      },
      { withinMs: 30_000 },
    );
    expect(dead?.Body).toBe("{not a task");
    await at.close();
  });
});
