import assert from "node:assert/strict";
import { makeServiceClient } from "#infra/local/demo/service-client.ts";
import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { eventually } from "#test/support/eventually.ts";
import { expectEnded } from "#test/support/service-with-site.ts";
import type { Deployment } from "./deployment.ts";
import { startExecutionEnvironment } from "./execution-environment.ts";
import type { Check } from "./check.ts";

const PAGES = 10;
const GOAL_MB = 256;
/** Of the function's memory: what is above is left for a larger page. */
const HEADROOM = 0.75;
/** Rows of a page's tables: some 400 kB of storage format, which is more than 99 of 100 real pages have. */
const SECTIONS = 40;
const ROWS = 40;
const SYNC_MS = 300_000;

/** The peak of `process-page` over one batch of ten large pages, its process started for it. */
export async function measurePageMemory(
  deployment: Deployment,
  check: Check,
  goal: (name: string, reached: boolean) => void,
): Promise<void> {
  const { confluence, runner } = deployment;
  addSpace(confluence.site, { key: "BIG", name: "Large pages" });
  for (let number = 0; number < PAGES; number += 1) {
    addPage(confluence.site, { space: "BIG", title: `Large ${number}`, body: largeBody(number) });
  }
  const bytes = largeBody(0).length;
  const service = makeServiceClient(runner.url);
  const sourceId = await service.createSource({
    base_url: confluence.url,
    email: "sync@example.com",
    api_token: "demo-token",
    space_key: "BIG",
    deletion_strategy: "on_demand",
  });
  const worker = deployment.functions.find(({ name }) => name === "process-page");
  assert.ok(worker);
  const environment = await startExecutionEnvironment(worker, deployment.environment);
  const idleMb = environment.peakMemoryMb();
  const operationId = await service.startSync(sourceId);
  try {
    await check(
      `process-page stores ${PAGES} pages of ${Math.round(bytes / 1000)} kB in one batch`,
      async () => {
        // The pool's own environments may take messages too: whatever this one is given stays one whole batch.
        const pages = await eventually(
          async () => {
            const rows = await runner.services.sql<{ page_id: string }[]>`
          select page_id from sync_work where operation_id = ${operationId}`;
            assert.equal(rows.length, PAGES);
            return rows.map((row) => row.page_id);
          },
          { withinMs: SYNC_MS },
        );
        await eventually(async () => expectEnded(await service.operation(operationId)), {
          withinMs: SYNC_MS,
        });
        await runner.services
          .sql`update archon_progress set status = 'processing', finished_at = null where operation_id = ${operationId}`;
        await runner.services
          .sql`update sync_work set state = 'pending', claimed_until = null, attempts = 0 where operation_id = ${operationId}`;
        await runner.services
          .sql`update confluence_pages set representation_revision = 0, version = 0 where source_id = ${sourceId}`;
        await runner.services.sql`delete from archon_crawled_pages where source_id = ${sourceId}`;
        const answer = await environment.invoke({
          Records: pages.map((pageId) => record(operationId, sourceId, pageId)),
        });
        assert.deepEqual(answer, { batchItemFailures: [] });
        const [stored] = await runner.services.sql`
        select count(distinct page_id)::int as pages, count(*)::int as chunks from archon_crawled_pages where source_id = ${sourceId}`;
        assert.equal(stored?.pages, PAGES, "pages stored by this environment");
        const peakMb = environment.peakMemoryMb();
        console.log(
          `process-page: ${Math.round(idleMb)} MB after its start, ${Math.round(peakMb)} MB at its peak, ${stored?.chunks} chunks`,
        );
        assert.ok(peakMb < worker.memoryMb * HEADROOM, `${Math.round(peakMb)} of ${worker.memoryMb} MB`);
        goal(`its peak of ${Math.round(peakMb)} MB is below ${GOAL_MB} MB`, peakMb < GOAL_MB);
      },
    );
  } finally {
    await environment.stop();
  }
}

function record(operationId: string, sourceId: string, pageId: string) {
  return {
    messageId: `message-${pageId}`,
    receiptHandle: "handle",
    body: JSON.stringify({ operation_id: operationId, source_id: sourceId, page_id: pageId }),
    attributes: {
      ApproximateReceiveCount: "1",
      SentTimestamp: "1700000000000",
      SenderId: "AIDACKCEVSQ6C2EXAMPLE",
      ApproximateFirstReceiveTimestamp: "1700000000001",
      MessageGroupId: sourceId,
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:confluence-sync-dev-page",
    awsRegion: "us-east-1",
  };
}

function largeBody(number: number): string {
  return Array.from({ length: SECTIONS }, (_, section) => {
    const rows = Array.from(
      { length: ROWS },
      (_row, row) =>
        `<tr><td><p>Setting ${number}.${section}.${row}</p></td><td><p>It is <strong>${section * row}</strong> unless <code>override_${row}</code> says otherwise on this host, see the section before this one for its unit and its source.</p></td></tr>`,
    );
    return `<h2>Section ${section}</h2><p>What follows was measured on host ${number}.</p><table><tbody>${rows.join("")}</tbody></table>`;
  }).join("");
}
