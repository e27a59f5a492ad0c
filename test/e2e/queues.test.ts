import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import type { Context, SQSEvent, SQSRecord } from "aws-lambda";
import { afterEach, describe, expect, it } from "vitest";
import { makeInvoker } from "#infra/local/runner/invoke.ts";
import { startPoller } from "#infra/local/runner/queues.ts";
import { startSqsEndpoint, type SqsEndpoint } from "#infra/local/runner/sqs-endpoint.ts";
import { makeLog } from "#shared/log.ts";
import { eventually } from "#test/support/eventually.ts";

const silent = makeLog(
  "silent",
  () => {},
  () => new Date(),
);

const spec = {
  worker: "work",
  visibilityTimeoutSeconds: 30,
  batchSize: 25,
  batchWindowSeconds: 1,
  maxConcurrency: 2,
  maxReceiveCount: 3,
};

type Work = (records: SQSRecord[], context: Context) => unknown;

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let close = closers.pop(); close; close = closers.pop()) await close();
});

async function startQueue(work: Work, overrides: Partial<typeof spec> = {}, dataDir: string | null = null) {
  const queueSpec = { ...spec, ...overrides };
  const endpoint = await startSqsEndpoint({ dataDir, queues: { work: queueSpec } });
  const { url, arn, deadLetterUrl } = endpoint.queues.work!;
  const invoker = makeInvoker({
    functions: { work: { entry: "", timeoutSeconds: 60, memoryMb: 128 } },
    handlers: new Map([["work", (event: SQSEvent, context: Context) => work(event.Records, context)]]),
    services: {},
    log: silent,
    newId: () => "request",
  });
  const startWorker = () => {
    const poller = startPoller({
      source: { ...queueSpec, id: "work", url, arn },
      sqs: endpoint.sqs,
      invoke: invoker.invoke,
      log: silent,
    });
    closers.push(poller.stop);
    return poller;
  };
  closers.push(endpoint.close);
  return { endpoint, url, arn, deadLetterUrl, startWorker };
}

async function send({ sqs }: SqsEndpoint, url: string, bodies: readonly string[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies
      .slice(start, start + 10)
      .map((MessageBody, index) => ({ Id: String(index), MessageBody, MessageGroupId: "source-1" }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
  }
}

/** For messages that are to come back: soon, and later than a batch takes to gather. */
const comesBackSoon = { visibilityTimeoutSeconds: 1, batchWindowSeconds: 0, batchSize: 10 };

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);
const fail = (records: SQSRecord[]) => ({
  batchItemFailures: records.map((record) => ({ itemIdentifier: record.messageId })),
});

describe("the event source poller", () => {
  it("the poller gathers more messages than one receive returns into one batch, and deletes those that succeeded", async () => {
    const batches: string[][] = [];
    const queue = await startQueue((records) => void batches.push(records.map((record) => record.body)));
    await send(queue.endpoint, queue.url, numbered(30));
    queue.startWorker();
    await eventually(() => expect(batches).toHaveLength(2));
    expect(batches.map((batch) => batch.length)).toEqual([25, 5]);
    expect(batches.flat().toSorted()).toEqual(numbered(30).toSorted());
    await eventually(async () =>
      expect(await waiting(queue.endpoint, "work")).toEqual({ ready: 0, inflight: 0 }),
    );
  });

  it("the poller passes records as Lambda does", async () => {
    const seen: SQSRecord[] = [];
    const queue = await startQueue((records) => void seen.push(...records));
    queue.startWorker();
    await queue.endpoint.sqs.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: '{"page":1}',
        MessageAttributes: { trace: { DataType: "String", StringValue: "t-1" } },
      }),
    );
    const [record] = await eventually(() => {
      expect(seen).toHaveLength(1);
      return seen;
    });
    expect(record).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      receiptHandle: expect.any(String),
      body: '{"page":1}',
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {
        trace: { dataType: "String", stringValue: "t-1", stringListValues: [], binaryListValues: [] },
      },
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: "aws:sqs",
      eventSourceARN: queue.arn,
      awsRegion: "us-east-1",
    });
  });

  it("the poller redelivers only the reported messages, after the visibility timeout, and counts their receives", async () => {
    const seen: { body: string; count: string; at: number }[] = [];
    const queue = await startQueue((records) => {
      for (const { body, attributes } of records) {
        seen.push({ body, count: attributes.ApproximateReceiveCount, at: performance.now() });
      }
      return fail(
        records.filter((r) => r.body === "message 1" && r.attributes.ApproximateReceiveCount === "1"),
      );
    }, comesBackSoon);
    await send(queue.endpoint, queue.url, numbered(3));
    queue.startWorker();
    await eventually(() => expect(seen).toHaveLength(4));
    const poison = seen.filter(({ body }) => body === "message 1");
    expect(poison.map(({ count }) => count)).toEqual(["1", "2"]);
    // The timeout runs from the receive, a moment before the handler does.
    expect(poison[1]!.at - poison[0]!.at).toBeGreaterThanOrEqual(900);
    await eventually(async () =>
      expect(await waiting(queue.endpoint, "work")).toEqual({ ready: 0, inflight: 0 }),
    );
    expect(seen).toHaveLength(4);
  });

  it("the poller moves a message to the dead-letter queue after its last receive, but not the others of its batch", async () => {
    const receives: string[] = [];
    const queue = await startQueue((records) => {
      receives.push(...records.map((record) => record.body));
      return fail(records.filter((record) => record.body === "message 0"));
    }, comesBackSoon);
    await send(queue.endpoint, queue.url, numbered(2));
    queue.startWorker();
    const dead = await eventually(async () => {
      const answer = await queue.endpoint.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: queue.deadLetterUrl, VisibilityTimeout: 0 }),
      );
      expect(answer.Messages).toHaveLength(1);
      return answer.Messages;
    });
    expect(dead?.[0]?.Body).toBe("message 0");
    expect(receives.filter((body) => body === "message 0")).toHaveLength(spec.maxReceiveCount);
    expect(receives.filter((body) => body === "message 1")).toHaveLength(1);
  });

  it("the poller redelivers every message of a batch whose function threw", async () => {
    const counts: string[][] = [];
    const queue = await startQueue((records) => {
      counts.push(records.map((record) => record.attributes.ApproximateReceiveCount));
      if (counts.length === 1) throw new Error("no");
    }, comesBackSoon);
    await send(queue.endpoint, queue.url, numbered(3));
    queue.startWorker();
    await eventually(() => expect(counts.flat().filter((count) => count === "2")).toHaveLength(3));
    expect(counts[0]).toEqual(["1", "1", "1"]);
  });

  it("the poller runs as many invocations at a time as allowed, never more, and receives nothing beyond them", async () => {
    const release = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const queue = await startQueue(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await release.promise;
        running -= 1;
      },
      { batchSize: 1, batchWindowSeconds: 0 },
    );
    await send(queue.endpoint, queue.url, numbered(6));
    queue.startWorker();
    await eventually(() => expect(running).toBe(2));
    expect(await waiting(queue.endpoint, "work")).toEqual({ ready: 4, inflight: 2 });
    release.resolve();
    await eventually(async () =>
      expect(await waiting(queue.endpoint, "work")).toEqual({ ready: 0, inflight: 0 }),
    );
    expect(most).toBe(2);
  });

  it("the poller stops only when running invocations have ended and their messages are deleted", async () => {
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const queue = await startQueue(async () => {
      begun.resolve();
      await release.promise;
    });
    await send(queue.endpoint, queue.url, ["slow"]);
    const poller = queue.startWorker();
    await begun.promise;
    const stopped = poller.stop().then(() => "stopped");
    expect(await Promise.race([stopped, Promise.resolve("running")])).toBe("running");
    release.resolve();
    expect(await stopped).toBe("stopped");
    expect(await waiting(queue.endpoint, "work")).toEqual({ ready: 0, inflight: 0 });
  });
});

describe("queues that are kept", () => {
  it("a message received by a crashed process is redelivered at once by the next one, with its receive count", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "queues-"));
    closers.push(() => rm(dataDir, { recursive: true }));
    const first = await startSqsEndpoint({ dataDir, queues: { work: spec } });
    await send(first, first.queues.work!.url, ["kept"]);
    await first.sqs.send(new ReceiveMessageCommand({ QueueUrl: first.queues.work!.url }));
    await first.close();

    const seen: SQSRecord[] = [];
    const queue = await startQueue((records) => void seen.push(...records), {}, dataDir);
    queue.startWorker();
    await eventually(() => expect(seen).toHaveLength(1), { withinMs: 5000 });
    expect(seen[0]).toMatchObject({ body: "kept", attributes: { ApproximateReceiveCount: "2" } });
  });
});

describe("the SQS endpoint", () => {
  it("the SQS endpoint closes connections that do not come from loopback", async () => {
    const queue = await startQueue(() => {});
    const port = Number(new URL(queue.endpoint.url).port);
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((address) => address.family === "IPv4")
      .map(({ address, internal }) => ({ address, internal }));
    const answers = await Promise.all(addresses.map(({ address }) => answersHttp(address, port)));
    expect(answers).toEqual(addresses.map(({ internal }) => internal));
  });
});

/** Whether a request over this address is answered before the connection closes. */
function answersHttp(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, localAddress: host }, () =>
      socket.write("GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
    );
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}

async function waiting(endpoint: SqsEndpoint, id: string) {
  const { Attributes } = await endpoint.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: endpoint.queues[id]!.url, AttributeNames: ["All"] }),
  );
  return {
    ready: Number(Attributes?.ApproximateNumberOfMessages),
    inflight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
  };
}
