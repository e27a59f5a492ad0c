import { describe, expect, it } from "vitest";
import { embedMetrics } from "#shared/embedded-metrics.ts";
import { makeLog } from "#shared/log.ts";

/** CloudWatch takes metrics of the last two weeks. */
const AT = new Date();

describe("embedMetrics", () => {
  it("embedMetrics declares the numbers of a finished operation by stage", () => {
    const fields = embedMetrics(
      "prod",
      "operation.finished",
      { status: "completed", pages_added: 3, pages_deleted: 0 },
      AT,
    );
    expect(fields).toMatchObject({ stage: "prod", operations_finished: 1, pages_added: 3, pages_deleted: 0 });
    expect(fields).not.toHaveProperty("operations_failed");
    expect(fields._aws).toEqual({
      Timestamp: AT.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: "ConfluenceSync",
          Dimensions: [["service", "stage"]],
          Metrics: [
            { Name: "operations_finished", Unit: "Count" },
            { Name: "pages_added", Unit: "Count" },
            { Name: "pages_deleted", Unit: "Count" },
          ],
        },
      ],
    });
  });

  it("embedMetrics counts a failed operation as failed", () => {
    expect(embedMetrics("prod", "operation.finished", { status: "failed" }, AT)).toMatchObject({
      operations_failed: 1,
    });
  });

  it("embedMetrics adds nothing to an event without metrics", () => {
    expect(embedMetrics("prod", "page.stored", { chunks: 3 }, AT)).toEqual({});
  });

  it("embedMetrics is part of the log's own line, also of one with other fields", () => {
    const lines: string[] = [];
    const log = makeLog(
      "info",
      (line) => lines.push(line),
      () => AT,
      (event, fields, at) => embedMetrics("dev", event, fields, at),
    );
    log.with({ source_id: "s" }).warn("source.paused");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      event: "source.paused",
      source_id: "s",
      stage: "dev",
      rate_limited: 1,
    });
  });
});
