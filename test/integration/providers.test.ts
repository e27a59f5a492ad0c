import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { eventSender } from "#functions/runtime/providers/event-sender.ts";
import { queueUrlsOf } from "#functions/runtime/providers/queue-urls.ts";
import { reranker } from "#functions/runtime/providers/reranker.ts";
import { readSecret } from "#functions/runtime/providers/secret.ts";
import { seldomUsedEventSender, seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { startSqsEndpoint } from "#infra/local/runner/sqs-endpoint.ts";
import { queues } from "#infra/topology.ts";
import { embedMetrics } from "#shared/embedded-metrics.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { queueNames, queueUrlVariable } from "#shared/messages.ts";
import { startAwsServices, type AwsServices } from "#test/lambda/aws-services.ts";
import { makeTestSite } from "#test/support/confluence-site.ts";
import { createTestDatabase, TEST_SCHEMA } from "#test/support/test-database.ts";

const ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:embeddings-AbCdEf";
const KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/tokens";

const lines: Record<string, unknown>[] = [];
const log = makeLog(
  "info",
  (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  () => new Date(),
  (event, fields, at) => embedMetrics("dev", event, fields, at),
);
const secrets: Record<string, string> = {};
let aws: AwsServices;

beforeAll(async () => {
  aws = await startAwsServices(secrets);
  vi.stubEnv("AWS_ENDPOINT_URL", aws.url);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
beforeEach(() => {
  lines.length = 0;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws.close();
});

/** A server that responds as it is told; `received` is the last request. */
async function startServer() {
  const state = {
    respond: (response: ServerResponse): unknown => response.end("{}"),
    received: null as { headers: IncomingHttpHeaders; body: Record<string, unknown> } | null,
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      state.received = { headers: request.headers, body: JSON.parse(body) as Record<string, unknown> };
      state.respond(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  });
}

describe("the embedding model of a deployment", () => {
  const build = (variables: Record<string, string>) => embedder.build(parseEnv(variables), log);
  let server: Awaited<ReturnType<typeof startServer>>;
  let sent: (variables: Record<string, string>) => Promise<NonNullable<typeof server.received>>;
  beforeAll(async () => {
    server = await startServer();
    server.respond = (response) => response.end(JSON.stringify({ data: [{ index: 0, embedding: [1] }] }));
    sent = async (variables) => {
      const built = await build({ EMBEDDINGS: "openai", EMBEDDINGS_URL: server.url, ...variables });
      await built.embed(["a text"]);
      if (!server.received) throw new Error("Nothing was sent");
      return server.received;
    };
  });
  afterAll(() => server.close());

  it.each<[Record<string, string>, string]>([
    [{}, "all-minilm-l6-v2-int8@384"],
    [{ EMBEDDINGS: "openai" }, "text-embedding-3-small@1536"],
    [{ EMBEDDINGS: "openai", EMBEDDINGS_MODEL: "text-embedding-3-large" }, "text-embedding-3-large@3072"],
    [{ EMBEDDINGS: "openai", EMBEDDINGS_DIMENSIONS: "256" }, "text-embedding-3-small@256"],
    [{ EMBEDDINGS: "openai", EMBEDDINGS_MODEL: "own", EMBEDDINGS_DIMENSIONS: "9" }, "own@9"],
    [{ EMBEDDINGS: "bedrock" }, "amazon.titan-embed-text-v2:0@1024"],
    [
      { EMBEDDINGS: "bedrock", EMBEDDINGS_MODEL: "cohere.embed-v4:0", EMBEDDINGS_DIMENSIONS: "512" },
      "cohere.embed-v4:0@512",
    ],
  ])("the embedding model of the variables %j is %s", async (variables, model) => {
    const built = await build(variables);
    expect(built.model).toBe(model);
    expect(built.dimensions).toBe(Number(model.split("@")[1]));
    expect(built.previous).toBeUndefined();
  });

  it("an embedding model of unknown dimensions is refused", async () => {
    await expect(build({ EMBEDDINGS: "openai", EMBEDDINGS_MODEL: "own" })).rejects.toMatchObject({
      code: "invalid_environment",
      message: expect.stringContaining("EMBEDDINGS_DIMENSIONS"),
    });
  });

  it("dimensions are asked for where a known model is to return fewer than its own", async () => {
    const known = "text-embedding-3-small";
    for (const [variables, dimensions] of [
      [{ EMBEDDINGS_MODEL: known }, undefined],
      [{ EMBEDDINGS_MODEL: known, EMBEDDINGS_DIMENSIONS: "1536" }, undefined],
      [{ EMBEDDINGS_MODEL: known, EMBEDDINGS_DIMENSIONS: "256" }, 256],
      [{ EMBEDDINGS_MODEL: "own", EMBEDDINGS_DIMENSIONS: "256" }, undefined],
    ] as const) {
      expect((await sent(variables)).body).toEqual({
        model: variables.EMBEDDINGS_MODEL,
        input: ["a text"],
        encoding_format: "float",
        ...(dimensions ? { dimensions } : {}),
      });
    }
  });

  it("the key of an embeddings endpoint is the variable's, else the secret's, else none is sent", async () => {
    secrets[ARN] = "key of the secret";
    for (const [variables, authorization] of [
      [{ EMBEDDINGS_API_KEY: "own key", EMBEDDINGS_SECRET_ARN: ARN }, "Bearer own key"],
      [{ EMBEDDINGS_SECRET_ARN: ARN }, "Bearer key of the secret"],
      [{}, undefined],
    ] as const) {
      expect((await sent({ ...variables })).headers.authorization).toBe(authorization);
    }
  });

  it("a key that the endpoint refuses is read again from the secret, which a rotation may have changed", async () => {
    secrets[ARN] = "before the rotation";
    const built = await build({
      EMBEDDINGS: "openai",
      EMBEDDINGS_URL: server.url,
      EMBEDDINGS_MODEL: "own",
      EMBEDDINGS_DIMENSIONS: "1",
      EMBEDDINGS_SECRET_ARN: ARN,
    });
    const accept = server.respond;
    server.respond = (response) =>
      server.received?.headers.authorization === "Bearer after the rotation"
        ? accept(response)
        : response.writeHead(401).end("{}");
    try {
      secrets[ARN] = "after the rotation";
      expect(await built.embed(["a text"])).toEqual([[1]]);
    } finally {
      server.respond = accept;
    }
  });

  it("Bedrock is asked with the function's own signature, and what its tokens cost is logged", async () => {
    const built = await build({ EMBEDDINGS: "bedrock", EMBEDDINGS_TOKEN_PRICE: "500000" });
    expect(await built.embed(["four"])).toHaveLength(1);
    expect(lines).toMatchObject([
      { event: "embeddings.created", model: built.model, embedding_tokens: 1, embedding_dollars: 0.5 },
    ]);
  });

  it("the model that sources leave is there beside the new one, unless it is the same", async () => {
    const current = { EMBEDDINGS: "openai", EMBEDDINGS_MODEL: "own", EMBEDDINGS_DIMENSIONS: "9" };
    const left = await build({
      ...current,
      EMBEDDINGS_PREVIOUS: "openai",
      EMBEDDINGS_PREVIOUS_MODEL: "older",
      EMBEDDINGS_PREVIOUS_DIMENSIONS: "8",
    });
    expect([left.model, left.previous?.model]).toEqual(["own@9", "older@8"]);
    const same = await build({
      ...current,
      EMBEDDINGS_PREVIOUS: "openai",
      EMBEDDINGS_PREVIOUS_MODEL: "own",
      EMBEDDINGS_PREVIOUS_DIMENSIONS: "9",
    });
    expect([same.model, same.previous]).toEqual(["own@9", undefined]);
  });
});

describe("the reranking model of a deployment", () => {
  const build = (variables: Record<string, string>) =>
    reranker.build(parseEnv({ AWS_REGION: "us-east-1", ...variables }), log);

  it("there is no reranking model unless it is configured", async () => {
    expect(await build({})).toBeNull();
    expect(await build({ RERANK: "none" })).toBeNull();
  });

  it.each<[Record<string, string>, string]>([
    [{}, "cohere.rerank-v3-5:0"],
    [{ RERANK_MODEL: "amazon.rerank-v1:0" }, "amazon.rerank-v1:0"],
  ])(
    "the reranking model of RERANK=bedrock and %j is %s, asked with the function's own signature",
    async (variables, model) => {
      const built = await build({ RERANK: "bedrock", ...variables });
      expect(built?.model).toBe(model);
      expect(await built?.rerank("query", ["a", "b"])).toEqual([
        { index: 1, score: 1 },
        { index: 0, score: 0.5 },
      ]);
    },
  );

  it("a reranking model is refused where it or its region is unknown", async () => {
    expect(() => parseEnv({ RERANK: "bedrock", RERANK_MODEL: "meta.llama" })).toThrow(/RERANK_MODEL/);
    await expect(build({ RERANK: "bedrock", AWS_REGION: "" })).rejects.toMatchObject({
      code: "invalid_environment",
      message: expect.stringContaining("AWS_REGION"),
    });
  });
});

describe("a secret", () => {
  it("a secret's text is read from Secrets Manager", async () => {
    secrets[ARN] = "the text";
    expect(await readSecret(ARN)).toBe("the text");
  });

  it("a secret without a text is reported by its ARN", async () => {
    await expect(readSecret(`${ARN}-empty`)).rejects.toMatchObject({
      code: "secret_empty",
      message: expect.stringContaining(`${ARN}-empty`),
    });
  });

  it.each([
    [
      400,
      { __type: "com.amazonaws#ResourceNotFoundException" },
      "secret_unreadable",
      /: ResourceNotFoundException$/,
    ],
    [403, { __type: "AccessDeniedException" }, "secret_unreadable", /: AccessDeniedException$/],
    [404, "no JSON at all", "secret_unreadable", /: status 404$/],
    [429, {}, "secret_unavailable", /returned 429/],
    [500, {}, "secret_unavailable", /returned 500/],
    [503, "", "secret_unavailable", /returned 503/],
  ])(
    "a secret that Secrets Manager refuses with %i is reported as such",
    async (status, body, code, message) => {
      const server = await startServer();
      server.respond = (response) =>
        response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
      vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", server.url);
      try {
        await expect(readSecret(ARN)).rejects.toMatchObject({
          name: code === "secret_unavailable" ? "TransientError" : "UserError",
          code,
          message: expect.stringMatching(message),
        });
        expect(server.received?.headers["content-type"]).toBe("application/x-amz-json-1.1");
        expect(server.received?.headers["x-amz-target"]).toBe("secretsmanager.GetSecretValue");
      } finally {
        vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", undefined);
        await server.close();
      }
    },
  );
});

describe("what encrypts tokens", () => {
  it("tokens are encrypted by KMS where a key is named, for their source alone", async () => {
    const cipher = await tokenCipher.build(parseEnv({ TOKEN_KEY_ARN: KEY_ARN }), log);
    const sealed = await cipher.encrypt("a token", "source-a");
    expect(sealed).not.toContain("a token");
    expect(await cipher.decrypt(sealed, "source-a")).toBe("a token");
    await expect(cipher.decrypt(sealed, "source-b")).rejects.toMatchObject({ code: "token_undecryptable" });
    expect(aws.calls.get("TrentService.Encrypt")).toBe(1);
  });

  it("tokens cannot be encrypted without a key", async () => {
    await expect(async () => tokenCipher.build(parseEnv({}), log)).rejects.toMatchObject({
      code: "invalid_environment",
      message: expect.stringContaining("TOKEN_KEY_FILE"),
    });
  });
});

it("the URL of each queue is the environment's, and a missing one is named", () => {
  const urls = queueNames.map((queue) => [queueUrlVariable(queue), `http://127.0.0.1/${queue}`] as const);
  const read = queueUrlsOf(parseEnv(Object.fromEntries(urls)));
  expect(read).toEqual(Object.fromEntries(queueNames.map((queue) => [queue, `http://127.0.0.1/${queue}`])));
  for (const [missing] of urls) {
    const others = Object.fromEntries(urls.filter(([name]) => name !== missing));
    expect(() => queueUrlsOf(parseEnv(others))).toThrow(missing);
  }
});

it("a client of a function's sites reaches those that its variables allow, and no others", async () => {
  const { site } = makeTestSite();
  const running = await startConfluenceSite({ site });
  const account = { baseUrl: running.url, email: "ada@example.com", apiToken: "demo-token" };
  try {
    const open = await confluence.build(parseEnv({ ALLOW_LOOPBACK: "true" }), log);
    expect(await open(account).currentUser()).toMatchObject({ accountId: ACCOUNT_ID });
    const closed = await confluence.build(parseEnv({}), log);
    await expect(closed(account).currentUser()).rejects.toMatchObject({ code: "address_refused" });
  } finally {
    await running.close();
  }
});

it("a database is connected to by its URL, in the schema that the variables name", async () => {
  const upstream = await createTestDatabase();
  // PGlite has one session, and it is the function's.
  await upstream.sql.end();
  const variables = { DATABASE_URL: await upstream.listen(), DB_SCHEMA: TEST_SCHEMA };
  const prepared: number[] = [];
  try {
    // Behind a pooler the schema is the role's, not the connection's.
    for (const [DATABASE_POOLER, table] of [
      ["transaction", `${TEST_SCHEMA}.archon_sources`],
      ["none", "archon_sources"],
    ] as const) {
      const sql = await database.build(parseEnv({ ...variables, DATABASE_POOLER }), log);
      expect(await sql`select count(*)::int as sources from ${sql(table)} where title <> ${"x"}`).toEqual([
        { sources: 0 },
      ]);
      // A pooler gives each transaction another session, which knows of no statement that was prepared.
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from pg_prepared_statements where statement like '%archon_sources"%'`;
      prepared.push(row?.count ?? -1);
      await sql.end({ timeout: 1 });
    }
  } finally {
    await upstream.close();
  }
  // That of the first query, and the one that counts.
  expect(prepared).toEqual([0, 2]);
  await expect(async () => database.build(parseEnv({}), log)).rejects.toThrow(/DATABASE_SECRET_ARN/);
});

it("events are sent by the client that the first of them loads, whether a function sends many or few", async () => {
  const env = parseEnv({ EVENT_BUS_NAME: "bus" });
  for (const provider of [eventSender, seldomUsedEventSender]) {
    aws.events.length = 0;
    const sender = await provider.build(env, log);
    const detail = { source_id: "source-1", operation_id: "operation-1" };
    for (const id of [1, 2])
      await sender.send([{ id, type: "source.credentials_expired", detail, at: new Date() }]);
    expect(aws.events).toEqual([
      { type: "source.credentials_expired", detail: expect.objectContaining(detail) },
      { type: "source.credentials_expired", detail: expect.objectContaining(detail) },
    ]);
  }
});

it("messages are sent by the client that the first of them loads, whether a function sends many or few", async () => {
  const endpoint = await startSqsEndpoint({ dataDir: null, queues });
  vi.stubEnv("AWS_ENDPOINT_URL_SQS", endpoint.url);
  try {
    // By address: not every machine resolves the host that the endpoint's own URLs name.
    const urls = queueNames.map((name) => {
      const { pathname } = new URL(endpoint.queues[name]?.url ?? "");
      return [queueUrlVariable(name), endpoint.url + pathname];
    });
    const env = parseEnv(Object.fromEntries(urls));
    for (const provider of [taskQueue, seldomUsedTaskQueue]) {
      const queue = await provider.build(env, log);
      const tasks = ["1", "2"].map((id) => ({
        operation_id: "operation-1",
        source_id: "source-1",
        page_id: id,
      }));
      for (const task of tasks) await queue.send("page", [task]);
      const read = new ReceiveMessageCommand({
        QueueUrl: endpoint.queues["page"]?.url,
        MaxNumberOfMessages: 10,
      });
      const { Messages = [] } = await endpoint.sqs.send(read);
      expect(Messages.map(({ Body = "" }) => JSON.parse(Body) as unknown)).toEqual(
        expect.arrayContaining(tasks),
      );
      expect(Messages).toHaveLength(tasks.length);
    }
  } finally {
    await endpoint.close();
  }
});

it("events cannot be sent without the name of a bus", () => {
  expect(() => eventSender.build(parseEnv({}), log)).toThrow(/EVENT_BUS_NAME/);
});
