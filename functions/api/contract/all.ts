import type { AnyContract } from "#functions/runtime/http-contract.ts";
import * as access from "./access.ts";
import * as explainPage from "./explain-page.ts";
import * as hooks from "./hooks.ts";
import * as identities from "./identities.ts";
import * as knowledge from "./archon-knowledge.ts";
import * as knowledgeSources from "./archon-sources.ts";
import * as mcp from "./mcp.ts";
import * as notProvided from "./archon-not-provided.ts";
import * as operations from "./operations.ts";
import * as pages from "./pages.ts";
import * as progress from "./progress.ts";
import * as queues from "./queues.ts";
import * as search from "./search.ts";
import * as service from "./service.ts";
import * as sites from "./sites.ts";
import * as sources from "./sources.ts";
import * as storedPages from "./archon-pages.ts";
import * as usage from "./usage.ts";

const named: unknown[] = [
  sources,
  sites,
  operations,
  progress,
  usage,
  pages,
  access,
  hooks,
  queues,
  identities,
  search,
  explainPage,
  mcp,
  knowledge,
  knowledgeSources,
  storedPages,
  notProvided,
  service,
].flatMap((module) => Object.values(module as Record<string, unknown>).flat());

/** Every contract of the API, in the order of the document. */
export const contracts: readonly AnyContract[] = named.filter(isContract);

function isContract(value: unknown): value is AnyContract {
  return typeof value === "object" && value !== null && "paths" in value && "responses" in value;
}
