import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, expect, it, onTestFinished, vi } from "vitest";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { deadLetters } from "#functions/runtime/providers/dead-letters.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { startSqsEndpoint } from "#infra/local/runner/sqs-endpoint.ts";
import { queues } from "#infra/topology.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { queueNames, queueUrlVariable } from "#shared/messages.ts";
import { makeTestSite } from "#test/support/confluence-site.ts";

const log = makeLog(
  "silent",
  () => {},
  () => new Date(),
);

afterAll(() => vi.unstubAllEnvs());

it("a service account's credentials are exchanged for a token once, for all clients of a function", async () => {
  const { site } = makeTestSite();
  const running = await startConfluenceSite({ site });
  onTestFinished(() => running.close());
  const clients = await confluence.build(parseEnv({ ALLOW_LOOPBACK: "true" }), log);
  const account = {
    baseUrl: running.url,
    email: null,
    apiToken: site.settings.client_secret,
    clientId: "demo-client",
  };
  expect(await clients(account).currentUser()).toMatchObject({ accountId: ACCOUNT_ID });
  // What is exchanged from now on fails: the token is kept.
  site.settings.client_secret = "rotated";
  expect(await clients(account).currentUser()).toMatchObject({ accountId: ACCOUNT_ID });
  const others = await confluence.build(parseEnv({ ALLOW_LOOPBACK: "true" }), log);
  await expect(others(account).currentUser()).rejects.toMatchObject({ code: "credentials_rejected" });
});

it("dead letters are those of the queues that the environment names", async () => {
  const endpoint = await startSqsEndpoint({ dataDir: null, queues });
  onTestFinished(() => endpoint.close());
  vi.stubEnv("AWS_ENDPOINT_URL_SQS", endpoint.url);
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  // By address: not every machine resolves the host that the endpoint's own URLs name.
  const urls = queueNames.map((name) => [
    queueUrlVariable(name),
    endpoint.url + new URL(endpoint.queues[name]?.url ?? "").pathname,
  ]);
  const letters = await deadLetters.build(parseEnv(Object.fromEntries(urls)), log);
  await endpoint.sqs.send(
    new SendMessageCommand({
      QueueUrl: endpoint.queues.page?.deadLetterUrl,
      MessageBody: JSON.stringify({ source_id: "docs", page_id: "7" }),
      MessageGroupId: "docs",
    }),
  );
  expect(await letters.look("page")).toMatchObject({
    deadLetters: 1,
    sample: [{ sourceId: "docs", pageId: "7", operationId: null }],
  });
  expect(() => deadLetters.build(parseEnv({}), log)).toThrow(/QUEUE/);
});
