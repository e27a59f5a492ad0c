import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Context } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { queues } from "#infra/topology.ts";
import { startSqsEndpoint, type SqsEndpoint } from "#infra/local/runner/sqs-endpoint.ts";
import { handler } from "#functions/ops/redrive-dead-letters.ts";
import { withServices } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { forEachQueue } from "#shared/messages.ts";
import { makeSqsDeadLetters } from "#shared/queue/dead-letters.ts";
import { makeLog } from "#shared/log.ts";

const OPERATION = "6a7e8feb-b491-4cf7-a9f1-bf3703467718";

/** The command over a real SQS endpoint. */
let endpoint: SqsEndpoint;
let lines: string[];
const urlOf = (queue: keyof typeof queues) => endpoint.queues[queue]?.url ?? "";

beforeEach(async () => {
  endpoint = await startSqsEndpoint({ dataDir: null, queues });
  lines = [];
});
afterEach(() => endpoint.close());

async function invoke(event: object) {
  const urls = forEachQueue(urlOf);
  const services = {
    env: parseEnv({}),
    log: makeLog(
      "info",
      (line) => lines.push(line),
      () => new Date(0),
    ),
    deadLetters: makeSqsDeadLetters(endpoint.sqs, urls),
  };
  // Of the context this function looks at nothing.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return withServices(services, async () => handler(event, {} as Context));
}

const task = (source: string, page: string) => ({
  operation_id: OPERATION,
  source_id: source,
  page_id: page,
});

async function bury(body: string, group: string) {
  const QueueUrl = endpoint.queues.page?.deadLetterUrl;
  await endpoint.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, MessageGroupId: group }));
}

async function buryPages(...pages: [source: string, page: string][]) {
  for (const [source, page] of pages) await bury(JSON.stringify(task(source, page)), source);
}

/** What the page queue holds. */
async function received() {
  const { Messages = [] } = await endpoint.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: urlOf("page"), MaxNumberOfMessages: 10 }),
  );
  return Messages.map(({ Body = "" }) => JSON.parse(Body) as unknown);
}

async function leftBuried() {
  const { Attributes = {} } = await endpoint.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: endpoint.queues.page?.deadLetterUrl, AttributeNames: ["All"] }),
  );
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes;
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
}

describe("redrive-dead-letters", () => {
  it("redrive-dead-letters resends the named pages and leaves the others", async () => {
    await buryPages(["a", "1"], ["a", "2"], ["b", "3"], ["a", "4"]);
    expect(await invoke({ queue: "page", page_ids: ["2", "3"] })).toEqual({ redriven: 2, kept: 2 });
    expect(await received()).toEqual(expect.arrayContaining([task("a", "2"), task("b", "3")]));
    expect(await leftBuried()).toBe(2);
    expect(JSON.parse(lines.join())).toMatchObject({
      event: "dead_letters.redriven",
      page_ids: ["2", "3"],
      redriven: 2,
    });
  });

  it("redrive-dead-letters resends those of one source", async () => {
    await buryPages(["a", "1"], ["b", "2"]);
    expect(await invoke({ queue: "page", source_id: "b" })).toEqual({ redriven: 1, kept: 1 });
    expect(await received()).toEqual([task("b", "2")]);
  });

  it("redrive-dead-letters resends all, up to the limit", async () => {
    await buryPages(...Array.from({ length: 12 }, (_, n): [string, string] => ["a", String(n)]));
    expect(await invoke({ queue: "page", limit: 11 })).toEqual({ redriven: 11, kept: 0 });
    expect(await leftBuried()).toBe(1);
  });

  it("redrive-dead-letters matches an invalid message to no page", async () => {
    await bury("not JSON", "a");
    expect(await invoke({ queue: "page", page_ids: ["1"] })).toEqual({ redriven: 0, kept: 1 });
    expect(await received()).toEqual([]);
  });

  it.each([{}, { queue: "pages" }, { queue: "page", page_ids: [] }, { queue: "page", pages: ["1"] }])(
    "redrive-dead-letters reports valid input for %j, and changes nothing",
    async (event) => {
      await buryPages(["a", "1"]);
      await expect(invoke(event)).rejects.toMatchObject({ code: "invalid_event" });
      expect(await leftBuried()).toBe(1);
    },
  );
});
