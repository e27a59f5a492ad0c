import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { queues } from "#infra/topology.ts";
import { startSqsEndpoint, type SqsEndpoint } from "#infra/local/runner/sqs-endpoint.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { forEachQueue, type QueueName } from "#shared/messages.ts";
import { makeSqsDeadLetters } from "#shared/queue/dead-letters.ts";
import { makeSqsTaskQueue } from "#shared/queue/sqs-task-queue.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";

const OPERATION = "6a7e8feb-b491-4cf7-a9f1-bf3703467718";

/** The API over a real SQS endpoint. */
let endpoint: SqsEndpoint;
let api: ApiClient;
let lines: string[];
const urls = () => forEachQueue((queue) => endpoint.queues[queue]?.url ?? "");

beforeEach(async () => {
  endpoint = await startSqsEndpoint({ dataDir: null, queues });
  lines = [];
  api = await makeApiClient({
    env: parseEnv({}),
    now: () => new Date(0),
    newId: () => OPERATION,
    log: makeLog(
      "info",
      (line) => lines.push(line),
      () => new Date(0),
    ),
    deadLetters: makeSqsDeadLetters(endpoint.sqs, urls()),
  });
});
afterEach(() => endpoint.close());

const task = (source: string, page: string) => ({
  operation_id: OPERATION,
  source_id: source,
  page_id: page,
});
const bury = (queue: QueueName, body: string) =>
  endpoint.sqs.send(
    new SendMessageCommand({
      QueueUrl: endpoint.queues[queue]?.deadLetterUrl,
      MessageBody: body,
      MessageGroupId: "a",
    }),
  );
const list = async () => (await api("GET", "/api/queues")).body.queues;
const of = async (name: QueueName) => (await list()).find(({ queue }: { queue: string }) => queue === name);
const redrive = (queue: string, body: object = {}) => api("POST", `/api/queues/${queue}/redrive`, { body });

it("the queues say how full they are, what a dead letter means, and what some are about", async () => {
  await makeSqsTaskQueue(endpoint.sqs, urls()).send("page", [task("a", "1"), task("a", "2")]);
  await makeSqsTaskQueue(endpoint.sqs, urls()).send("page", [task("a", "3")], { delaySeconds: 60 });
  await bury("page", JSON.stringify(task("b", "4")));
  await bury("page", "not JSON");
  expect(await list()).toHaveLength(4);
  const page = await of("page");
  expect(page).toMatchObject({ waiting: 2, in_flight: 0, delayed: 1, dead_letters: 2 });
  expect(page.impact).toMatch(/^Some pages keep their previous content/);
  expect(await of("check")).toMatchObject({ waiting: 0, dead_letters: 0, sample: [] });
});

it("a dead letter tells its ids and when it was sent, and not what else is in it", async () => {
  await bury("page", JSON.stringify(task("b", "4")));
  expect((await of("page")).sample).toEqual([
    {
      message_id: expect.any(String),
      sent_at: expect.stringMatching(/^20/),
      source_id: "b",
      operation_id: OPERATION,
      page_id: "4",
    },
  ]);
});

it("a message that is no task is a dead letter without ids", async () => {
  await bury("plan", "not JSON");
  expect((await of("plan")).sample).toMatchObject([{ source_id: null, operation_id: null, page_id: null }]);
});

it("dead letters are sent again to their queue, also right after they were looked at; others are kept", async () => {
  for (const [source, page] of [
    ["a", "1"],
    ["a", "2"],
    ["b", "3"],
  ] as const)
    await bury("page", JSON.stringify(task(source, page)));
  expect((await of("page")).sample).toHaveLength(3);
  expect((await redrive("page", { source_id: "a", page_ids: ["1", "3"] })).body).toEqual({
    redriven: 1,
    kept: 2,
  });
  expect(await of("page")).toMatchObject({ waiting: 1, dead_letters: 2 });
  expect(JSON.parse(lines.find((line) => line.includes("dead_letters.redriven")) ?? "{}")).toMatchObject({
    queue: "page",
    source_id: "a",
    redriven: 1,
  });
});

it("no more dead letters are looked at than asked for", async () => {
  for (let n = 0; n < 12; n += 1) await bury("file", JSON.stringify(task("a", String(n))));
  expect((await redrive("file", { limit: 11 })).body).toEqual({ redriven: 11, kept: 0 });
  expect(await of("file")).toMatchObject({ waiting: 11, dead_letters: 1 });
});

it.each([
  ["page", { limit: 101 }],
  ["page", { page_ids: [] }],
  ["page", { pages: ["1"] }],
  ["pages", {}, 404, "route_not_found"],
] as const)(
  "a redrive of %s with %j is refused, and nothing is sent",
  async (queue, body, status: number = 400, code: string = "invalid_request") => {
    await bury("page", JSON.stringify(task("a", "1")));
    const answer = await redrive(queue, body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(await of("page")).toMatchObject({ waiting: 0, dead_letters: 1 });
  },
);
