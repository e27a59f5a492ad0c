import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { makeSignedFetch } from "#functions/runtime/signed-fetch.ts";
import { bedrockReranker } from "#shared/reranking/bedrock-reranker.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store } from "#test/support/stored-pages.ts";

const MODEL = "cohere.rerank-v3-5:0";
const TIMEOUT_MS = 300;
const PAGES = 6;

type RerankBody = { sources: { inlineDocumentSource: { textDocument: { text: string } } }[] };
type Respond = (documents: string[], response: ServerResponse) => void;

let fixture: ApiFixture;
let api: ApiClient;
let calls: string[][];
let respond: Respond;
const server = createServer((request, response) => {
  void text(request).then((body) => {
    const { sources } = JSON.parse(body) as RerankBody;
    const documents = sources.map((source) => source.inlineDocumentSource.textDocument.text);
    calls.push(documents);
    respond(documents, response);
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  fixture = await makeApiFixture();
  const fetch = makeSignedFetch(
    {
      signingName: "bedrock",
      endpointPrefix: "bedrock-agent-runtime",
      endpointVariable: "AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME",
      retries: 0,
    },
    {
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: `http://127.0.0.1:${port}`,
    },
  );
  const reranker = bedrockReranker({
    model: MODEL,
    modelArn: `arn:aws:bedrock:eu-central-1::foundation-model/${MODEL}`,
    fetch,
    timeoutMs: TIMEOUT_MS,
  });
  api = await makeApiClient({ ...fixture.services, reranker });
});
beforeEach(async () => {
  await fixture.reset();
  calls = [];
  const sourceId = await fixture.addSource();
  for (let page = 1; page <= PAGES; page += 1) {
    await store(fixture.database.sql, fixture.embedder, {
      sourceId,
      pageId: String(page),
      title: `Backups ${page}`,
      chunks: [`restore ${"the backup of the database ".repeat(page)}`, `restore in region ${page}`],
    });
  }
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await fixture.close();
});

type Found = { page_id: string; score: number; chunks?: { score: number }[] };
type Answer = { results: Found[]; reranking_applied: boolean };

async function search(body: object, client = api): Promise<Answer> {
  const answer = await client("POST", "/api/rag/query", {
    body: { query: "restore the backup", return_mode: "pages", ...body },
  });
  expect(answer.status).toBe(200);
  return answer.body as Answer;
}

const pagesOf = ({ results }: Answer) => results.map(({ page_id }) => page_id);
const json = (response: ServerResponse, results: { index: number; relevanceScore: number }[]) =>
  response.end(JSON.stringify({ results }));
const reversed: Respond = (documents, response) =>
  json(
    response,
    documents.map((_, index) => ({ index, relevanceScore: (index + 1) / 100 })),
  );
const notReranked = () => fixture.logLines().filter(({ event }) => event === "search.not_reranked");

it.each(["chunks", "pages"])(
  "a reranking model orders the best hits, from below the first match_count too (%s)",
  async (returnMode) => {
    respond = reversed;
    const all = await search({ match_count: 50, return_mode: returnMode }, fixture.api);
    const answer = await search({ match_count: 3, return_mode: returnMode });
    expect(answer.reranking_applied).toBe(true);
    expect(pagesOf(answer)).toEqual(pagesOf(all).toReversed().slice(0, 3));
    const scores = answer.results.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    for (const { score, chunks = [] } of answer.results) {
      for (const chunk of chunks) expect(chunk.score).toBeLessThanOrEqual(score);
    }
    expect(calls).toHaveLength(1);
    expect(calls[0]).toHaveLength(all.results.length);
    expect(calls[0]?.[0]).toMatch(/^Backups \d\n\nrestore /);
  },
);

it("hits that a reranking model leaves out follow in their order, with no better score", async () => {
  respond = (_, response) => json(response, [{ index: 3, relevanceScore: 0.002 }]);
  const before = pagesOf(await search({}, fixture.api));
  const answer = await search({});
  expect(answer.reranking_applied).toBe(true);
  const [lifted = ""] = before.slice(3, 4);
  expect(pagesOf(answer)).toEqual([lifted, ...before.filter((page) => page !== lifted)].slice(0, 5));
  const scores = answer.results.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
});

it.each<[string, Respond, string]>([
  ["fails", (_, response) => response.writeHead(500).end("{}"), "reranking_unavailable"],
  ["throttles", (_, response) => response.writeHead(429).end("{}"), "reranking_unavailable"],
  ["may not be called", (_, response) => response.writeHead(403).end("{}"), "reranking_refused"],
  ["does not respond in time", () => undefined, "reranking_unreachable"],
  [
    "does not finish its response in time",
    (_, response) => response.writeHead(200).write('{"results": ['),
    "reranking_unreachable",
  ],
  ["closes the connection", (_, response) => response.destroy(), "reranking_unreachable"],
  [
    "names a document that it was not given",
    (documents, response) => json(response, [{ index: documents.length, relevanceScore: 1 }]),
    "reranking_invalid_response",
  ],
])("results keep their order and the log says so when the reranking model %s", async (_, response, code) => {
  respond = response;
  const before = await search({}, fixture.api);
  expect(await search({})).toEqual({ ...before, reranking_applied: false });
  expect(calls).toHaveLength(1);
  expect(notReranked()).toMatchObject([{ level: "WARN", model: MODEL, code }]);
  expect(JSON.stringify(notReranked())).not.toContain("restore");
});

it("a reranking model is not asked about a single hit, nor about none", async () => {
  respond = reversed;
  const { sql, clear } = fixture.database;
  await clear();
  expect(await search({})).toMatchObject({ results: [], reranking_applied: false });
  const sourceId = await fixture.addSource();
  await store(sql, fixture.embedder, { sourceId, pageId: "1", title: "Backups", chunks: ["restore it"] });
  const answer = await search({});
  expect([answer.results.length, answer.reranking_applied]).toEqual([1, false]);
  expect(calls).toEqual([]);
});
