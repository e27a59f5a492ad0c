import { type Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";
import { makeServiceClient } from "#infra/local/demo/service-client.ts";
import type { LocalRunner } from "#infra/local/runner/start.ts";
import { eventually } from "#test/support/eventually.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { ERAS, mcpClient, type Era } from "#test/support/mcp-client.ts";
import { expectEnded, pageByTitle } from "#test/support/service-with-site.ts";
import { answer, MAX_CALLS, read, type Call, type Reading } from "./agent.ts";
import { QUESTIONS } from "./questions.ts";
import { TOOLS } from "./tools-of-profiles.ts";

/** Of one question, in all results together. */
const MAX_TOKENS = 4000;

let confluence: RunningSite;
let runner: LocalRunner;
const clients = new Map<string, Client>();

beforeAll(async () => {
  const site = await loadSite(SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
  confluence = await startConfluenceSite({ site });
  runner = await startTestRunner({ env: { EMBEDDINGS: "local" } });
  const service = makeServiceClient(runner.url);
  const sourceId = await service.createSource({
    base_url: confluence.url,
    email: "sync@example.com",
    api_token: "demo-token",
    space_key: "DEMO",
    deletion_strategy: "on_demand",
    access: "everything",
  });
  const operationId = await service.startSync(sourceId);
  await eventually(async () => expectEnded(await service.operation(operationId)), { withinMs: 60_000 });
  for (const path of Object.keys(TOOLS)) clients.set(path, await connect(path));
});
afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await runner.close();
  await confluence.close();
});

async function connect(path: string, era: Era = "modern"): Promise<Client> {
  const client = mcpClient(era);
  await client.connect(new StreamableHTTPClientTransport(new URL(runner.url + path)));
  return client;
}

function clientOf(path: string): Client {
  const client = clients.get(path);
  if (!client) throw new Error(`No client is connected to ${path}`);
  return client;
}

/** The results of calls of the default profile, one after the other; a call may depend on the results before it. */
async function callAll(...calls: ((before: Reading[]) => Call)[]): Promise<Reading[]> {
  const readings: Reading[] = [];
  for (const call of calls) readings.push(await read(clientOf("/mcp"), call(readings)));
  expect(readings.length).toBeLessThanOrEqual(MAX_CALLS);
  expect(readings.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(MAX_TOKENS);
  return readings;
}

it.each(ERAS.flatMap((era) => Object.keys(TOOLS).map((path) => ({ era, path }))))(
  "the official client of the $era era lists and calls the tools of $path over HTTP",
  async ({ era, path }) => {
    const tools = TOOLS[path];
    const [question] = QUESTIONS;
    if (!tools || !question) throw new Error(`${path} has no tools`);
    const client = await connect(path, era);
    const search = tools.search(question);
    const listed = await client.listTools();
    const found = await read(client, search);
    const spoken = client.getProtocolEra();
    await client.close();
    expect([spoken, listed.tools.map(({ name }) => name)]).toEqual([
      era,
      expect.arrayContaining([search.name]),
    ]);
    expect(found).toMatchObject({ isError: false, text: expect.stringContaining(question.page) });
  },
);

const cases = Object.keys(TOOLS).flatMap((path) => QUESTIONS.map((question) => ({ path, question })));

it.each(cases)("an agent at $path finds out: $question.question", async ({ path, question }) => {
  const tools = TOOLS[path];
  if (!tools) throw new Error(`${path} has no tools`);
  const { isAnswered, calls, tokens } = await answer(clientOf(path), tools, question);
  expect({ isAnswered, calls }).toMatchObject({ isAnswered: true });
  expect(calls.length).toBeLessThanOrEqual(MAX_CALLS);
  expect(tokens).toBeLessThanOrEqual(MAX_TOKENS);
});

it("an agent finds out which services of the intake team were described anew since March", async () => {
  const [found] = await callAll(() => ({
    name: "search_confluence",
    arguments: { query: "service of the intake team", label: "intake", updated_since: "2026-03-01" },
  }));
  expect(found?.text).toContain("Gateway");
  expect(found?.text).not.toContain("Label Reader");
});

it("an agent finds out which spaces it can search, and of when they are", async () => {
  const [listed] = await callAll(() => ({ name: "list_confluence_spaces", arguments: {} }));
  expect(listed?.text).toMatch(/DEMO/);
  expect(listed?.text).toContain(new Date().toISOString().slice(0, 10));
});

it("an agent reads the one section that it is asked about, of a page that it is given as a link", async () => {
  const { id } = pageByTitle(confluence.site, "Gateway");
  const [part] = await callAll(() => ({
    name: "read_confluence_page",
    arguments: {
      page: `${confluence.url}/wiki/spaces/DEMO/pages/${id}/Gateway`,
      heading: "Signature check",
      max_tokens: 500,
    },
  }));
  expect(part?.text).toContain("hmac.New(sha256.New");
  expect(part?.text).not.toContain("Requests per carrier");
});

it("an agent that names a space wrongly learns how to find it", async () => {
  const [refused, listed, found] = await callAll(
    () => ({
      name: "search_confluence",
      arguments: { query: "Which colour pages somebody?", space: "HANDBOOK" },
    }),
    ([refusal]) => {
      const [, tool = ""] = /(list_\w+)/.exec(refusal?.text ?? "") ?? [];
      return { name: tool, arguments: {} };
    },
    (before) => {
      const [, space] = /\b([A-Z]{4})\b/.exec(before[1]?.text ?? "") ?? [];
      return { name: "search_confluence", arguments: { query: "Which colour pages somebody?", space } };
    },
  );
  expect(refused?.isError).toBe(true);
  expect(listed?.isError).toBe(false);
  expect(found?.text).toContain("red pages somebody");
});
