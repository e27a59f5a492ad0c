import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toSqsEvent } from "#infra/local/runner/sqs-event.ts";
import { embedMetrics } from "#shared/embedded-metrics.ts";
import { withServices } from "#functions/runtime/services.ts";
import { handler as planSync } from "#functions/sync/plan-sync.ts";
import { handler as processPage } from "#functions/sync/process-page.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
afterAll(() => fixture.close());

/** Hands the messages of a queue to its worker, as SQS does. */
async function deliver(queue: "plan" | "page", worker: typeof planSync) {
  const messages = fixture.sent.filter((message) => message.queue === queue);
  const event = toSqsEvent(
    messages.map(({ task }) => ({ MessageId: randomUUID(), Body: JSON.stringify(task) })),
    `arn:aws:sqs:us-east-1:000000000000:${queue}`,
  );
  // All of the context that workers look at.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const context = { getRemainingTimeInMillis: () => 60_000 } as Context;
  expect(await withServices(fixture.services, async () => worker(event, context))).toEqual({
    batchItemFailures: [],
  });
}

it("an operation can be followed in the log from its request through its messages to the line of each page", async () => {
  const sourceId = await fixture.addSource();
  const answer = await fixture.api("POST", `/api/confluence/${sourceId}/sync`);
  await deliver("plan", planSync);
  await deliver("page", processPage);

  const operationId = String(answer.body.operation_id);
  const lines = fixture.logLines().filter((line) => line.operation_id === operationId);
  const requests = lines.filter((line) => line.event === "request.completed");
  expect(requests).toMatchObject([
    { request_id: answer.headers["x-request-id"], source_id: sourceId, status: 202 },
  ]);
  const records = lines.filter((line) => line.event === "record.completed");
  expect(records.filter((line) => line.page_id === undefined)).toHaveLength(1);
  const pages = [...fixture.site.pages.values()].map((page) => page.id).sort();
  expect(pages.length).toBeGreaterThan(2);
  expect(records.flatMap((line) => (line.page_id === undefined ? [] : [line.page_id])).sort()).toEqual(pages);
  for (const line of records)
    expect(line).toMatchObject({ source_id: sourceId, message_id: expect.any(String) });
});

it("a sync that fails is counted as failed, with its reason", async () => {
  await fixture.reset();
  const sourceId = await fixture.addSource();
  await fixture.api("POST", `/api/confluence/${sourceId}/sync`);
  fixture.site.faults.push({
    effect: "status",
    status: 401,
    retry_after: null,
    path: "/",
    times: 9,
    skip: 0,
  });
  await deliver("plan", planSync);

  const [line] = fixture.logLines().filter(({ event }) => event === "operation.finished");
  expect(line).toMatchObject({ source_id: sourceId, status: "failed", code: "credentials_rejected" });
  expect(embedMetrics("dev", "operation.finished", line ?? {}, new Date())).toMatchObject({
    operations_failed: 1,
  });
});
