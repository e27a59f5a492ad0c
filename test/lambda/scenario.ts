import assert from "node:assert/strict";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { makeServiceClient } from "#infra/local/demo/service-client.ts";
import { scheduledEvent } from "#infra/local/runner/schedules.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { eventually } from "#test/support/eventually.ts";
import { createTestSource, expectEnded, pageByTitle, topicBody } from "#test/support/service-with-site.ts";
import type { Deployment } from "./deployment.ts";
import { checkAgents } from "./agents.ts";
import type { Check } from "./check.ts";
import { checkExtraction, uploadReport } from "./extraction.ts";
import { checkRights } from "./rights.ts";
import { checkSites } from "./sites.ts";

const SYNC_MS = 120_000;

/** A source's life, from its creation to its end, so that every function of the template answers at least once. */
export async function runScenario(deployment: Deployment, check: Check): Promise<void> {
  const { runner, confluence, pools } = deployment;
  const service = makeServiceClient(runner.url);
  const get = (path: string, init?: RequestInit) => fetch(runner.url + path, init);
  const expectStatus = async (expected: number, path: string, init?: RequestInit) => {
    const response = await get(path, init);
    const body = await response.text();
    assert.equal(
      response.status,
      expected,
      `${init?.method ?? "GET"} ${path}: ${response.status} ${body.slice(0, 300)}`,
    );
    return JSON.parse(body || "null") as Record<string, unknown>;
  };
  const post = (body: unknown, method = "POST") => ({
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const onSchedule = (name: string, rule: string) =>
    runner.invoke(name, scheduledEvent(rule, "6a7e8feb-b491-4cf7-a9f1-bf3703467718", new Date()));
  let sourceId = "";
  let operationId = "";
  const finished = (id: string) =>
    eventually(async () => expectEnded(await service.operation(id)), { withinMs: SYNC_MS });

  await check("migrations run from the bundle and its own SQL files", () => {
    const { applied, functions } = deployment.migrations as { applied: string[]; functions: string[] };
    assert.ok(applied.length >= 3 && functions.length >= 2, JSON.stringify(deployment.migrations));
  });
  await check("the database answers health", () => expectStatus(200, "/health"));
  await check("the contract is served", () => expectStatus(200, "/openapi.json"));
  await check("a source is created, its token encrypted by KMS", async () => {
    sourceId = await createTestSource(service, confluence.url, "on_demand");
    const [row] = await runner.services
      .sql`select encrypted_secret from archon_sources join confluence_sites using (site_id) where source_id = ${sourceId}`;
    assert.match(String(row?.encrypted_secret), /^kms1\./);
  });
  await check("a sync runs through its queues and stores every page, and the file of one", async () => {
    uploadReport(confluence.site);
    operationId = await service.startSync(sourceId);
    const ended = await finished(operationId);
    assert.equal(ended.status, "completed", JSON.stringify(ended));
    assert.equal(ended.sync_metrics.pages_added, confluence.site.pages.size);
    assert.equal(ended.sync_metrics.files_added, 1, JSON.stringify(ended));
  });
  await check("a search finds a page by a word of it, its question embedded by Bedrock", async () => {
    const [hit] = await service.search("Which page chose marker7 for good?", 3);
    assert.equal(hit?.title, "Topic 7");
    assert.ok((deployment.services.calls.get("bedrock.InvokeModel") ?? 0) > confluence.site.pages.size);
  });
  await checkExtraction(deployment, service, check);
  await checkAgents({ url: runner.url, ask: expectStatus }, check);
  await checkRights(
    {
      ask: expectStatus,
      search: (query, count) => service.search(query, count),
      onSchedule,
      invoke: (name, event) => runner.invoke(name, event),
    },
    { sourceId, pageId: pageByTitle(confluence.site, "Topic 7").id, title: "Topic 7", word: "marker7" },
    check,
  );
  await check("reading routes answer", async () => {
    await expectStatus(200, "/api/confluence/sources");
    await expectStatus(200, `/api/confluence/${sourceId}`);
    await expectStatus(200, `/api/confluence/${sourceId}/status`);
    await expectStatus(200, `/api/confluence/${sourceId}/pages`);
    await expectStatus(200, "/api/progress");
    await expectStatus(200, `/api/progress/${operationId}`);
    await expectStatus(200, "/api/knowledge-items");
    await expectStatus(200, `/api/pages?source_id=${sourceId}`);
    await expectStatus(501, "/api/knowledge-items/crawl", post({}));
  });
  await check("a changed token is checked against Confluence and encrypted", () =>
    expectStatus(
      200,
      `/api/confluence/${sourceId}`,
      post({ api_token: "demo-token", title: "Team", sync_interval_minutes: 5 }, "PATCH"),
    ),
  );
  await check("the schedule starts a sync that fetches only what changed", async () => {
    editPage(confluence.site, pageByTitle(confluence.site, "Topic 3").id, {
      body: topicBody(3, "changedword"),
    });
    await runner.services
      .sql`update archon_progress set created_at = created_at - interval '1 hour' where source_id = ${sourceId}`;
    const answer = (await onSchedule("start-scheduled-syncs", "scheduled-syncs")) as { started: number };
    assert.equal(answer.started, 1);
    const latest = await service.latestOperation(sourceId);
    const ended = await finished(latest.operation_id);
    assert.equal(ended.sync_metrics.pages_updated, 1, JSON.stringify(ended.sync_metrics));
  });
  await check("a deletion check by hand finds a trashed page", async () => {
    trashPage(confluence.site, pageByTitle(confluence.site, "Topic 9").id);
    const started = (await runner.invoke("reconcile-deletions", { source_id: sourceId })) as {
      operation_id: string;
    };
    const ended = await finished(started.operation_id);
    assert.equal(ended.sync_metrics.pages_deleted, 1, JSON.stringify(ended));
  });
  await check("a deletion check by HTTP and by the daily rule", async () => {
    const answer = await expectStatus(
      202,
      `/api/confluence/${sourceId}/deletion-check`,
      post({ dry_run: true }),
    );
    await finished(String(answer.operation_id));
    const daily = (await onSchedule("reconcile-deletions", "weekly-deletion-check")) as { started: number };
    assert.equal(typeof daily.started, "number");
  });
  await check("a source that has its model already is left as it is", async () => {
    const changed = await onSchedule("change-models", "model-changes");
    assert.deepEqual(changed, { embedded: 0, deleted: 0 });
  });
  await check("functions reach the database over TLS only, its certificate verified", async () => {
    const { encrypted, all } = await deployment.database.connections();
    assert.ok(all > 0);
    assert.equal(encrypted, all);
  });
  await check("a warm function takes the password of the day after a rotation", async () => {
    const health = pools.get("health");
    const starts = health?.coldStarts.length;
    await deployment.rotatePassword();
    await expectStatus(200, "/health");
    await expectStatus(200, `/api/confluence/${sourceId}`);
    assert.equal(health?.coldStarts.length, starts, "no new environment was started for it");
  });
  await check("the sweeper publishes the events on the bus", async () => {
    await onSchedule("sweep", "sweep");
    const types = new Set(deployment.services.events.map(({ type }) => type));
    assert.ok(types.has("sync.completed") && types.has("page.deleted"), [...types].join());
  });
  await check("embeddings say what they cost, and each line which invocation it belongs to", () => {
    const lines = deployment
      .logs()
      .split("\n")
      .filter((one) => one.startsWith("{"))
      .map((one) => JSON.parse(one) as Record<string, unknown>);
    const cost = lines.find(({ event }) => event === "embeddings.created");
    assert.ok(Number(cost?.embedding_tokens) > 0, JSON.stringify(cost));
    assert.equal(cost?.embedding_dollars, (Number(cost?.embedding_tokens) * 0.02) / 1e6);
    for (const line of lines) {
      assert.ok(line.function_request_id, JSON.stringify(line));
      assert.equal(line.xray_trace_id, "1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
    }
  });
  await check("the measurement writes metrics in embedded form", async () => {
    const health = (await onSchedule("measure-health", "health-measurement")) as { overdue_sources: number };
    assert.equal(health.overdue_sources, 0);
    const line = deployment
      .logs()
      .split("\n")
      .find((one) => one.includes('"event":"health.measured"'));
    const written = JSON.parse(line ?? "null") as {
      _aws: { CloudWatchMetrics: { Namespace: string }[] };
      overdue_sources: number;
    };
    assert.equal(written._aws.CloudWatchMetrics[0]?.Namespace, "ConfluenceSync");
  });
  await check("a message that is no task reaches the dead letters and is sent again by hand", async () => {
    const queue = runner.sqs.queues.page;
    await runner.sqs.client.send(
      new SendMessageCommand({
        QueueUrl: queue?.deadLetterUrl,
        MessageBody: JSON.stringify({ operation_id: operationId, source_id: sourceId, page_id: "404" }),
        MessageGroupId: sourceId,
      }),
    );
    const others = await runner.invoke("redrive-dead-letters", { queue: "page", page_ids: ["no such page"] });
    assert.deepEqual(others, { redriven: 0, kept: 1 });
    await runner.sqs.client.send(
      new SendMessageCommand({
        QueueUrl: queue?.deadLetterUrl,
        MessageBody: JSON.stringify({ operation_id: operationId, source_id: sourceId, page_id: "405" }),
        MessageGroupId: sourceId,
      }),
    );
    const mine = await runner.invoke("redrive-dead-letters", { queue: "page", page_ids: ["405"] });
    assert.deepEqual(mine, { redriven: 1, kept: 0 });
  });
  await check("queues and their dead letters are listed, and sent again by the API", async () => {
    const queue = runner.sqs.queues.page;
    await runner.sqs.client.send(
      new SendMessageCommand({
        QueueUrl: queue?.deadLetterUrl,
        MessageBody: JSON.stringify({ operation_id: operationId, source_id: sourceId, page_id: "406" }),
        MessageGroupId: sourceId,
      }),
    );
    const listed = await (await get("/api/queues")).text();
    assert.match(listed, /"page_id":"406"/);
    const sent = await get("/api/queues/page/redrive", post({ page_ids: ["406"] }));
    const result = (await sent.json()) as { redriven: number };
    assert.deepEqual([sent.status, result.redriven], [200, 1]);
  });
  await check("a running sync is cancelled, and the source is deleted", async () => {
    const cancelled = await service.startSync(sourceId);
    const response = await get(`/api/confluence/${sourceId}/cancel`, post({}));
    assert.ok([202, 409].includes(response.status), String(response.status));
    await finished(cancelled);
    await expectStatus(204, `/api/confluence/${sourceId}`, { method: "DELETE" });
    await expectStatus(404, `/api/confluence/${sourceId}`);
  });
  await checkSites({ url: confluence.url, ask: expectStatus, onSchedule }, check);
  await check("every function of the template answered", () => {
    const silent = [...pools].filter(([, pool]) => pool.succeeded() === 0).map(([name]) => name);
    assert.deepEqual(silent, []);
  });
  await check("no log line holds a token", () => {
    assert.ok(!deployment.logs().includes("demo-token"));
  });
}
