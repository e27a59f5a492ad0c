import { expect, it } from "vitest";
import { UNREADABLE, type ListedPage } from "#shared/confluence/client.ts";
import { reportSkipped, reportUnreadable } from "#shared/syncs/listing/report-unreadable.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

const ABOUT = { source_id: "source-1", operation_id: "operation-1" };

function loggingStep() {
  const warned: [string, unknown][] = [];
  const context = {
    operation: { sourceId: "source-1", operationId: "operation-1" },
    services: { log: { warn: (event: string, fields: unknown) => warned.push([event, fields]) } },
  } as unknown as StepContext;
  return { warned, context };
}

const page = (id: string, status: string) => ({ id, status }) as ListedPage;

it("listed pages that cannot be read are logged by their ids, and no others", () => {
  const { warned, context } = loggingStep();
  reportUnreadable([page("1", "current"), page("2", UNREADABLE), page("3", UNREADABLE)], context);
  expect(warned).toEqual([["confluence.drift", { ...ABOUT, pages: ["2", "3"] }]]);
});

it("a listing that can be read is not worth a log line", () => {
  const { warned, context } = loggingStep();
  reportUnreadable([page("1", "current"), page("2", "archived")], context);
  expect(reportSkipped(context, { kind: "comments", count: 0, ids: [] })).toEqual({});
  expect(warned).toEqual([]);
});

it("comments that cannot be read are logged, and named in the operation's log", () => {
  const { warned, context } = loggingStep();
  expect(reportSkipped(context, { kind: "comments", count: 3, ids: ["7", "8"] })).toEqual({
    message: "Skipped 3 comments that cannot be read: 7, 8",
  });
  expect(warned).toEqual([["confluence.drift", { ...ABOUT, comments: ["7", "8"], skipped: 3 }]]);
});

it("files without an id are only counted", () => {
  const { warned, context } = loggingStep();
  expect(reportSkipped(context, { kind: "files", count: 2, ids: [] })).toEqual({
    message: "Skipped 2 files that cannot be read",
  });
  expect(warned).toEqual([["confluence.drift", { ...ABOUT, files: [], skipped: 2 }]]);
});

it("the operation's log names ten of many comments that cannot be read", () => {
  const ids = Array.from({ length: 12 }, (_, n) => `c${n + 1}`);
  const { message } = reportSkipped(loggingStep().context, { kind: "comments", count: 12, ids });
  expect(message).toBe("Skipped 12 comments that cannot be read: c1, c2, c3, c4, c5, c6, c7, c8, c9, c10");
});
