import diagnostics from "node:diagnostics_channel";
import { mkdir } from "node:fs/promises";
import { Socket } from "node:net";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startFauxqs, type FauxqsServer } from "fauxqs";
import { DEAD_LETTER_RETENTION_DAYS } from "#infra/topology.ts";
import { LOCAL_ACCOUNT, LOCAL_REGION } from "./invoke.ts";
import type { Topology } from "./topology-types.ts";

export type LocalQueue = { url: string; arn: string; deadLetterUrl: string };

export type SqsEndpoint = {
  url: string;
  sqs: SQSClient;
  queues: Record<string, LocalQueue>;
  close: () => Promise<void>;
};

const PREFIX = "confluence-sync-";

/**
 * A real SQS endpoint (fauxqs) with the topology's queues and their dead-letter queues; kept in SQLite with `dataDir`, in
 * memory without. Messages that a crashed process had received become visible within a second: no other process can be working on them.
 */
export async function startSqsEndpoint(options: {
  dataDir: string | null;
  queues: Topology["queues"];
  /** Seconds, instead of the topology's: for tests that wait for a redelivery. */
  visibilityTimeoutSeconds?: number;
}): Promise<SqsEndpoint> {
  if (options.dataDir) await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const server = await startFauxqs({
    port: 0,
    logger: false,
    defaultRegion: LOCAL_REGION,
    ...(options.dataDir ? { dataDir: options.dataDir } : {}),
  });
  const stopGuarding = refuseOtherMachines(server.port);
  const url = `http://127.0.0.1:${server.port}`;
  const sqs = new SQSClient({
    endpoint: url,
    region: LOCAL_REGION,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    // Queue URLs are kept with the queues and name the port of the run that made them.
    useQueueUrlAsEndpoint: false,
  });
  const queues: Record<string, LocalQueue> = {};
  for (const [id, spec] of Object.entries(options.queues)) {
    queues[id] = await ensureQueue(sqs, id, {
      visibility: options.visibilityTimeoutSeconds ?? spec.visibilityTimeoutSeconds,
      maxReceiveCount: spec.maxReceiveCount,
    });
    await releaseInFlight(server, sqs, PREFIX + id);
  }
  return {
    url,
    sqs,
    queues,
    close: async () => {
      sqs.destroy();
      await server.stop();
      stopGuarding();
    },
  };
}

async function ensureQueue(
  sqs: SQSClient,
  id: string,
  spec: { visibility: number; maxReceiveCount: number },
): Promise<LocalQueue> {
  const name = PREFIX + id;
  const arn = (queue: string) => `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${queue}`;
  const deadLetters = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-dead-letters` }));
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: deadLetters.QueueUrl,
      Attributes: { MessageRetentionPeriod: String(DEAD_LETTER_RETENTION_DAYS * 24 * 3600) },
    }),
  );
  const made = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  // Set after creation, so that a queue kept from an earlier version gets the current values.
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: made.QueueUrl,
      Attributes: {
        VisibilityTimeout: String(spec.visibility),
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: arn(`${name}-dead-letters`),
          maxReceiveCount: spec.maxReceiveCount,
        }),
      },
    }),
  );
  return { url: made.QueueUrl ?? "", arn: arn(name), deadLetterUrl: deadLetters.QueueUrl ?? "" };
}

async function releaseInFlight(server: FauxqsServer, sqs: SQSClient, name: string): Promise<void> {
  const queue = server.inspectQueue(name);
  for (const { receiptHandle } of queue?.messages.inflight ?? []) {
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queue?.url,
        ReceiptHandle: receiptHandle,
        // Not 0: fauxqs 2.4 with a dataDir loses the message then (it writes null to a column that refuses it).
        VisibilityTimeout: 1,
      }),
    );
  }
}

/** fauxqs listens on every interface and checks no credentials: connections from other machines are closed before a byte is read. */
function refuseOtherMachines(port: number): () => void {
  const guard = (message: unknown) => {
    const socket = typeof message === "object" && message && "socket" in message ? message.socket : null;
    if (!(socket instanceof Socket)) return;
    if (socket.localPort === port && !isLoopback(socket.remoteAddress)) socket.destroy();
  };
  diagnostics.subscribe("net.server.socket", guard);
  return () => diagnostics.unsubscribe("net.server.socket", guard);
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}
