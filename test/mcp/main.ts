import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pageByTitle, startServiceWithSite } from "#test/support/service-with-site.ts";
import { conformanceChecks } from "./conformance.ts";
import { inspectorChecks, type Calls } from "./inspector.ts";
import { NOT_APPLICABLE_2025, NOT_APPLICABLE_2026 } from "./not-applicable.ts";
import { toldChecks } from "#test/support/told-checks.ts";

/*
 * Asks the tools of others what they think of the local service: the official conformance suite, in both eras of the protocol, and the
 * Inspector's command line. npm fetches them, at the versions that are named here.
 */
const scratch = mkdtempSync(join(tmpdir(), "confluence-sync-mcp-"));
const told = toldChecks();
const { check, failures } = told;

const service = await startServiceWithSite({ pages: 3 });
try {
  await service.sync();
  const topic = pageByTitle(service.confluence.site, "Topic 2").id;
  const { sourceId } = service;
  const profiles: Record<string, Calls> = {
    "/mcp": {
      search_confluence: { arguments: { query: "marker2" }, contains: "marker2" },
      read_confluence_page: { arguments: { page: topic }, contains: "marker2" },
      list_confluence_spaces: { arguments: {}, contains: "Team" },
    },
    "/mcp/chatgpt": {
      search: { arguments: { query: "marker2" }, contains: topic },
      fetch: { arguments: { id: topic }, contains: "marker2" },
    },
    "/mcp/archon": {
      rag_get_available_sources: { arguments: {}, contains: sourceId },
      rag_search_knowledge_base: { arguments: { query: "marker2" }, contains: "marker2" },
      rag_search_code_examples: { arguments: { query: "marker2" }, contains: '"success":true' },
      rag_list_pages_for_source: { arguments: { source_id: sourceId }, contains: "Topic 3" },
      rag_read_full_page: { arguments: { page_id: topic }, contains: "marker2" },
    },
  };
  for (const [path, calls] of Object.entries(profiles)) {
    const url = service.runner.url + path;
    for (const { name, holds } of [...conformanceChecks(url, scratch), ...inspectorChecks(url, calls)]) {
      await check(name, holds);
    }
  }
} finally {
  await service.close();
  rmSync(scratch, { recursive: true });
}

for (const [revision, notApplicable] of [
  ["2025-11-25", NOT_APPLICABLE_2025],
  ["2026-07-28", NOT_APPLICABLE_2026],
] as const) {
  console.log(`\nScenarios of ${revision} that do not apply:`);
  for (const [reason, entries] of Object.entries(notApplicable)) {
    console.log(`- ${entries.join(", ")}: ${reason}`);
  }
}
console.log(`\n${told.passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
