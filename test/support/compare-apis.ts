import { parseArgs } from "node:util";

/*
 * Compares what two running services return, byte by byte: two versions of the code over copies of one database.
 * Prints each difference as a JSON line (request, path of the field, both values) and exits 1 when there is one.
 *   node test/support/compare-apis.ts --old http://127.0.0.1:3900 --new http://127.0.0.1:3901
 */
const { values } = parseArgs({ options: { old: { type: "string" }, new: { type: "string" } } });
const { old: oldUrl, new: newUrl } = values;
if (!oldUrl || !newUrl) {
  process.stderr.write("usage: compare-apis --old URL --new URL\n");
  process.exit(2);
}

type Request = { path: string; body?: unknown };

const QUERIES = [
  "How do I restore the ledger database?",
  "purple lantern",
  "certificates expire",
  "on-call rota",
];

async function send(base: string, { path, body }: Request): Promise<{ status: number; text: string }> {
  const response = await fetch(
    base + path,
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  );
  return { status: response.status, text: await response.text() };
}

async function ids(path: string, list: string, field: string): Promise<string[]> {
  const { text } = await send(oldUrl ?? "", { path });
  const body = JSON.parse(text) as Record<string, Record<string, unknown>[]>;
  return (body[list] ?? []).map((item) => String(item[field]));
}

async function requests(): Promise<Request[]> {
  const sources = await ids("/api/confluence/sources", "sources", "source_id");
  const operations = await ids("/api/progress?limit=200", "operations", "operation_id");
  const sites = await ids("/api/confluence/sites", "sites", "site_id");
  const pages = await Promise.all(
    sources.map(async (id) =>
      (await ids(`/api/confluence/${id}/pages?limit=20`, "pages", "page_id")).flatMap((page) => [
        `/api/confluence/${id}/pages/${page}`,
        `/api/confluence/${id}/pages/${page}/chunks`,
        `/api/pages/${page}`,
      ]),
    ),
  );
  const perSource = sources.flatMap((id) => [
    `/api/confluence/${id}`,
    `/api/confluence/${id}/status`,
    ...["current", "hidden", "deleted", "failed"].map(
      (status) => `/api/confluence/${id}/pages?status=${status}&limit=200`,
    ),
    `/api/knowledge-items/${id}/chunks?limit=100`,
    `/api/pages?source_id=${id}`,
  ]);
  const paths = [
    "/api/confluence/sources",
    "/api/progress?limit=200",
    ...operations.flatMap((id) => [`/api/progress/${id}`, `/api/progress/${id}/planned-changes`]),
    ...perSource,
    "/api/confluence/sites",
    ...sites.flatMap((id) => [`/api/confluence/sites/${id}`, `/api/confluence/sites/${id}/hooks`]),
    ...pages.flat(),
    "/api/identities",
    "/api/queues",
    "/api/usage",
    "/api/rag/sources",
    "/api/knowledge-items",
    "/api/knowledge-items/summary",
    "/api/confluence/no-such-source",
    "/api/progress/11111111-1111-4111-8111-111111111111",
  ];
  const searches = QUERIES.flatMap((query) =>
    ["chunks", "pages"].map((return_mode) => ({
      path: "/api/rag/query",
      body: { query, return_mode, match_count: 20 },
    })),
  );
  return [...paths.map((path) => ({ path })), ...searches, { path: "/api/rag/query", body: { query: "" } }];
}

/** Each field that differs, as `a.b[0].c: old → new`. */
function differences(old: unknown, now: unknown, path = ""): string[] {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  if (typeof old === "object" && typeof now === "object" && old && now) {
    const a = old as Record<string, unknown>;
    const b = now as Record<string, unknown>;
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differences(a[key], b[key], Array.isArray(old) ? `${path}[]` : `${path}.${key}`),
    );
  }
  return [`${path}: ${JSON.stringify(old)} → ${JSON.stringify(now)}`];
}

let compared = 0;
const found = new Map<string, number>();
for (const request of await requests()) {
  const [old, now] = await Promise.all([send(oldUrl, request), send(newUrl, request)]);
  compared += 1;
  if (old.status === now.status && old.text === now.text) continue;
  const fields = differences(JSON.parse(old.text), JSON.parse(now.text));
  const route = request.path.replaceAll(/[0-9a-f-]{36}/g, "ID");
  const sameFields =
    fields.length > 0 ? fields : ["the same fields in other bytes: their order, or white space"];
  for (const line of old.status === now.status ? sameFields : [`status ${old.status} → ${now.status}`]) {
    const key = `${route} ${line}`.slice(0, 300);
    found.set(key, (found.get(key) ?? 0) + 1);
  }
}
for (const [line, count] of found) process.stdout.write(`${JSON.stringify({ line, count })}\n`);
process.stdout.write(`${JSON.stringify({ compared, differences: found.size })}\n`);
process.exitCode = found.size > 0 ? 1 : 0;
