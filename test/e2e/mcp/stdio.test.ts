import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { AwsClient } from "aws4fetch";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import type { LocalRunner } from "#infra/local/runner/start.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { callTool, ERAS, type Era } from "#test/support/mcp-client.ts";
import { shortLived } from "#test/support/runner-process.ts";
import { addSource, store } from "#test/support/stored-pages.ts";

// Each starts a process or two, on machines that have other things to do.
vi.setConfig({ testTimeout: 60_000 });

let service: LocalRunner;
beforeAll(async () => {
  const embedder = fakeEmbedder();
  service = await startTestRunner({ services: { embedder } });
  const { sql } = service.services;
  await addSource(sql, embedder, { sourceId: "docs" });
  await store(sql, embedder, {
    pageId: "1",
    title: "Airships",
    chunks: ["## Mast\n\nairships are moored there"],
  });
}, 60_000);
afterAll(() => service.close());

/** The official client, over the process that `npm run -s mcp` starts. */
async function connect(
  args: readonly string[],
  { env = {}, era }: { env?: object; era?: Era } = {},
): Promise<Client> {
  const options = era === "modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } as const } : {};
  const client = new Client({ name: "test", version: "1.0.0" }, options);
  onTestFinished(() => client.close());
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: ["infra/local/commands/mcp.ts", ...args],
      env: { ...shortLived, ...env },
    }),
  );
  return client;
}

it.each(ERAS)("the official client of the %s era finds and reads a page over stdio", async (era) => {
  const client = await connect(["--url", service.url], { era });
  expect(client.getProtocolEra()).toBe(era);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain("read_confluence_page");
  const found = await callTool(client, "search_confluence", { query: "airships" });
  const read = await callTool(client, "read_confluence_page", { page: found.structured.results[0].url });
  expect(read.structured).toMatchObject({ title: "Airships", outline: [{ heading: "Mast" }] });
  expect(read.text).toContain("airships are moored there");
});

it("a query with a line separator of Unicode gets its response over stdio", async () => {
  const client = await connect(["--url", service.url]);
  const found = await callTool(client, "search_confluence", { query: "airships\u2028and\u2029masts" });
  expect(found.structured.results).toMatchObject([{ title: "Airships" }]);
});

it("a key with a line break is refused at the start, without being repeated", async () => {
  const started = await promisify(execFile)(process.execPath, ["infra/local/commands/mcp.ts"], {
    env: { ...process.env, API_KEY: "k3y\nx" },
  }).catch((error: { stderr: string; code: number }) => error);
  expect(started).toMatchObject({ code: 2, stderr: expect.stringContaining("API_KEY must be visible") });
  expect(started.stderr).not.toContain("k3y");
});

it("the key is taken from the environment, and whom it reads for is part of the address", async () => {
  const { url, requests } = await startRefusing(401);
  const args = ["--url", url, "--on-behalf-of", "ann@example.com"];
  await expect(connect(args, { env: { API_KEY: "the-key" } })).rejects.toThrow(/Refused\. Set .*API_KEY/);
  expect(requests[0]).toMatchObject({
    url: "/mcp?on_behalf_of=ann%40example.com",
    headers: { authorization: "Bearer the-key" },
  });
  await expect(connect(["--url", url, "--visibility", "all"])).rejects.toThrow(/Refused/);
  expect(requests[1]?.url).toBe("/mcp?visibility=all");
});

it("without a service each request fails with what to do, and the connection stays", async () => {
  await expect(connect(["--url", "http://127.0.0.1:9999"])).rejects.toThrow(/npm start/);
});

it("requests are signed with AWS credentials for the API that they go to", async () => {
  const { url, requests } = await startRefusing(403);
  const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "session" };
  const env = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_REGION: "eu-central-1",
  };
  await expect(connect(["--url", `${url}/prod`, "--aws", "--profile", "archon"], { env })).rejects.toThrow(
    /Refused/,
  );
  const [request] = requests;
  expect(request?.url).toBe("/prod/mcp/archon");
  const client = new AwsClient({ ...keys, service: "execute-api", region: "eu-central-1" });
  const expected = await client.sign(`${url}/prod/mcp/archon`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    aws: { datetime: String(request?.headers["x-amz-date"]) },
    body: request?.body ?? "",
  });
  expect(request?.headers.authorization).toBe(expected.headers.get("authorization"));
});

/** A server that refuses all requests and remembers them. */
async function startRefusing(status: number) {
  const requests: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ url: request.url ?? "", headers: request.headers, body });
      response.writeHead(status, { "content-type": "application/json" }).end('{"message":"Refused"}');
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
