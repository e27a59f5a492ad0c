import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { hitVerifier } from "#functions/runtime/providers/hit-verifier.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

const REQUEST = { sourceId: "docs", accountId: "ann", contentIds: ["1", "2"], withinMs: 500 };
const VERDICTS = { permitted: ["1"], denied: ["2"] };
const log = makeLog(
  "silent",
  () => {},
  () => new Date(),
);

beforeEach(() => {
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterAll(() => vi.unstubAllEnvs());

type Respond = (response: ServerResponse) => unknown;
type Received = { path: string; type: string; body: unknown };

/** Lambda's Invoke, which responds as it is told, the last time for good; returns what it was sent. */
async function startLambda(...responds: readonly Respond[]): Promise<Received[]> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { url: path = "", headers } = request;
      received.push({ path, type: headers["content-type"] ?? "", body: JSON.parse(body) as unknown });
      response.setHeader("content-type", "application/json");
      responds[Math.min(received.length, responds.length) - 1]?.(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv("AWS_ENDPOINT_URL_LAMBDA", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return received;
}

const verify = async (env: Record<string, string> = { VERIFY_FUNCTION: "dev-verify-hits" }) =>
  (await hitVerifier.build(parseEnv(env), log))(REQUEST);
const verdicts: Respond = (response) => response.end(JSON.stringify(VERDICTS));
const busy: Respond = (response) =>
  response.writeHead(429, { "x-amzn-errortype": "TooManyRequestsException" }).end("{}");

it("a search invokes the verifying function with what it wants to know, and gets the verdicts", async () => {
  const received = await startLambda(verdicts);
  expect(await verify()).toEqual(VERDICTS);
  expect(received).toEqual([
    { path: "/2015-03-31/functions/dev-verify-hits/invocations", type: "application/json", body: REQUEST },
  ]);
});

it("a verifying function that is busy is invoked again while the search has time", async () => {
  const received = await startLambda(busy, busy, verdicts);
  expect(await verify()).toEqual(VERDICTS);
  expect(received).toHaveLength(3);
  await startLambda(busy);
  await expect(verify()).rejects.toThrow(/aborted|timeout/i);
});

it("a verifying function that fails, or may not be invoked, or returns something else, gives no verdict", async () => {
  await startLambda((response) => {
    response.setHeader("x-amz-function-error", "Unhandled");
    response.end(JSON.stringify({ errorMessage: "secret" }));
  });
  const failed = (reason: RegExp) => ({
    name: "TransientError",
    code: "verifier_failed",
    message: expect.stringMatching(reason) as string,
  });
  await expect(verify()).rejects.toMatchObject(failed(/: Unhandled$/));
  await startLambda((response) => response.writeHead(403, { "x-amzn-errortype": "AccessDenied" }).end("{}"));
  await expect(verify()).rejects.toMatchObject(failed(/: AccessDenied$/));
  await startLambda((response) => response.writeHead(500).end("{}"));
  await expect(verify()).rejects.toMatchObject(failed(/: status 500$/));
  await startLambda((response) => response.end(JSON.stringify({ permitted: true })));
  await expect(verify()).rejects.toThrow();
});

it("without a verifying function a search starts all the same, and verifies nothing", async () => {
  const received = await startLambda(verdicts);
  await expect(verify({})).rejects.toMatchObject({ name: "TransientError", code: "verifier_failed" });
  expect(received).toEqual([]);
});
