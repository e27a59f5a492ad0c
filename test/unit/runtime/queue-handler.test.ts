import type { Context, SQSEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { queueHandler, settleEach, type Settled } from "#functions/runtime/queue.ts";
import { withServices } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

const task = z.object({ name: z.string() });
type Task = z.infer<typeof task>;

/** Ids of the records that SQS delivers again, and the events that were logged. */
async function deliver(
  bodies: readonly string[],
  run: (tasks: readonly Task[], remainingMs: () => number) => Promise<Settled[]>,
) {
  const lines: string[] = [];
  const log = makeLog(
    "info",
    (line) => lines.push(line),
    () => new Date(0),
  );
  const handler = queueHandler({
    task,
    needs: [],
    run: (tasks, _services, { remainingMs }) => run(tasks, remainingMs),
  });
  const records = bodies.map((body, n) => ({ messageId: `m${n}`, body }));
  // All of an event and a context that the handler looks at.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const [event, context] = [{ Records: records }, { getRemainingTimeInMillis: () => 1000 }] as unknown as [
    SQSEvent,
    Context,
  ];
  const { batchItemFailures } = await withServices({ env: parseEnv({}), log }, () => handler(event, context));
  return {
    again: batchItemFailures.map((failure) => failure.itemIdentifier),
    events: lines.map((line) => z.object({ event: z.string() }).parse(JSON.parse(line)).event),
    lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const named = (name: string) => JSON.stringify({ name });
const ok: Settled = { ok: true };

describe("a batch of messages", () => {
  it("a batch of messages is acknowledged where its work was done", async () => {
    const { again, events } = await deliver([named("a"), named("b")], async () => [ok, ok]);
    expect(again).toEqual([]);
    expect(events).toEqual(["record.completed", "record.completed"]);
  });

  it.each(["not json", "null", "{}", '{"name":1}', ""])(
    "an invalid message body is delivered again, so that it becomes visible: %j",
    async (body) => {
      const seen: Task[] = [];
      const { again, events } = await deliver([named("a"), body, named("c")], async (tasks) => {
        seen.push(...tasks);
        return [ok, ok];
      });
      expect(again).toEqual(["m1"]);
      expect(seen).toEqual([{ name: "a" }, { name: "c" }]);
      expect(events).toContain("record.malformed");
    },
  );

  it("a batch of messages fails for one record alone", async () => {
    const { again, events } = await deliver([named("a"), named("b"), named("c")], (tasks) =>
      settleEach(tasks, async ({ name }) => {
        if (name === "b") throw new Error("not this one");
      }),
    );
    expect(again).toEqual(["m1"]);
    expect(events).toEqual(["record.completed", "record.failed", "record.completed"]);
  });

  it("a message with an unexpected error is delivered again", async () => {
    expect((await deliver([named("a"), named("b")], async () => [ok])).again).toEqual(["m1"]);
  });

  it("a batch of messages fails completely when the fault is no record's", async () => {
    await expect(
      deliver([named("a")], async () => {
        throw new Error("no database");
      }),
    ).rejects.toThrow("no database");
  });
});

it("a batch of messages knows the time that its worker has left", async () => {
  const left: number[] = [];
  const { again } = await deliver([named("a")], async (_tasks, remainingMs) => {
    left.push(remainingMs());
    return [ok];
  });
  expect([left, again]).toEqual([[1000], []]);
});

it("an invalid message is logged with its faults", async () => {
  const { lines } = await deliver(["no JSON", '{"name":1}'], async () => []);
  expect(lines).toMatchObject([
    { event: "record.malformed", message_id: "m0", problem: "not JSON" },
    { event: "record.malformed", message_id: "m1", problem: expect.stringMatching(/^name: .*string/) },
  ]);
});

it("each line about a record says which message and which task it is about, and why it failed", async () => {
  const gone = Object.assign(new Error("Nobody listens"), { code: "ECONNREFUSED" });
  const { lines } = await deliver([named("a"), named("b"), named("c")], async () => [
    ok,
    { ok: false, error: gone },
  ]);
  expect(lines).toMatchObject([
    { level: "INFO", event: "record.completed", message_id: "m0", name: "a" },
    { level: "ERROR", event: "record.failed", message_id: "m1", name: "b", code: "ECONNREFUSED" },
    { level: "ERROR", event: "record.failed", message_id: "m2", name: "c", code: "internal_error" },
  ]);
  expect(lines[1]?.["error"]).toMatchObject({ message: "Nobody listens" });
  expect(lines[2]?.["error"]).toMatchObject({ message: "The worker did not settle this record" });
});

it("an invalid message is logged with all its faults, and no task", async () => {
  const twice = z.object({ name: z.string(), page: z.object({ id: z.string() }) });
  const log: Record<string, unknown>[] = [];
  const handler = queueHandler({
    task: twice.transform(({ name }) => ({ name })),
    needs: [],
    run: async () => [],
  });
  const event = { Records: [{ messageId: "m0", body: '{"name":1,"page":{}}' }] };
  const services = {
    env: parseEnv({}),
    log: makeLog(
      "info",
      (line) => log.push(JSON.parse(line) as Record<string, unknown>),
      () => new Date(0),
    ),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await withServices(services, () => handler(event as SQSEvent, {} as Context));
  expect(log).toMatchObject([{ problem: expect.stringMatching(/^name: .*; page\.id: /) as string }]);
});

it("work on tasks is done one after the other, and settled in their order", async () => {
  const steps: string[] = [];
  const fault = new Error("not this one");
  const settled = await settleEach(["a", "b", "c"], async (name) => {
    steps.push(`${name} begins`);
    await Promise.resolve();
    steps.push(`${name} ends`);
    if (name === "b") throw fault;
  });
  expect(settled).toEqual([{ ok: true }, { ok: false, error: fault }, { ok: true }]);
  expect(steps).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});
