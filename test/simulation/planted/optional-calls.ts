import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const OPTIONAL_CALLS = "test/integration/syncs/optional-calls.test.ts";
const FOLDERS = "test/integration/syncs/folders.test.ts";
const RENDERED = "test/integration/syncs/rendered-missing.test.ts";

/** Calls that content does without: refused, failing, or answering with something odd. */
export const OPTIONAL_CALL_BUGS: readonly PlantedBug[] = [
  bug(
    "a refused optional call ends the sync",
    change(
      "shared/syncs/optional-calls.ts",
      "if (error instanceof PermanentError || error instanceof TransientError) return { ok: false, error };",
      "if (error instanceof TransientError) return { ok: false, error };",
    ),
  ),
  bug(
    "names that are refused are held against the credentials",
    change(
      "shared/syncs/optional-calls.ts",
      "if (error instanceof PermanentError || error instanceof TransientError) return { ok: false, error };",
      'const isFatal = error instanceof PermanentError && error.code === "credentials_rejected";\n    if (!isFatal && (error instanceof PermanentError || error instanceof TransientError)) return { ok: false, error };',
    ),
  ),
  bugFoundBy(
    OPTIONAL_CALLS,
    "labels that are not found are held against the space",
    change(
      "shared/syncs/listing/list-labels.ts",
      "if (OF_THE_SPACE.has(attempt.error.code)) await verifySpace(context.client, source);",
      "if (OF_THE_SPACE.has(attempt.error.code)) throw attempt.error;",
    ),
  ),
  bugFoundBy(
    "test/unit/syncs/optional-calls.test.ts",
    "timeouts of rendered bodies are waited for one after the other",
    change(
      "shared/syncs/optional-calls.ts",
      "timeouts >= MAX_TIMEOUTS ? TIMEOUT_PAUSE_MS : 0",
      "timeouts >= Infinity ? TIMEOUT_PAUSE_MS : 0",
    ),
  ),
  bugFoundBy(
    OPTIONAL_CALLS,
    "an odd item stops the listing",
    change(
      "shared/confluence/read-items.ts",
      "if (results.length === 0 && odd.length > 0 && !isOneOddItem) throw",
      "if (odd.length > 0 || isOneOddItem) throw",
    ),
  ),
  bugFoundBy(
    FOLDERS,
    "a scope that whiteboards lack ends the listing of folders",
    change(
      "shared/syncs/listing/list-folders.ts",
      'else if (attempt.error.code === "scope_missing") refused.add(kind);',
      'else if (attempt.error.code === "") refused.add(kind);',
    ),
  ),
  bugFoundBy(
    FOLDERS,
    "the first folder that succeeds clears the refusal of whiteboards",
    change(
      "shared/syncs/listing/list-folders.ts",
      "const refusedCalls = isOwn ? source.refusedCalls : others;",
      "const refusedCalls = isOwn ? source.refusedCalls : { ...others, ...source.refusedCalls };",
    ),
  ),
  bugFoundBy(
    OPTIONAL_CALLS,
    "a missing scope is treated as bad credentials",
    change(
      "shared/confluence/http-transport.ts",
      "if (response.status === 401 && isScopeFailure(header, body)) throw scopeError(url);",
      "",
    ),
  ),
  bugFoundBy(
    OPTIONAL_CALLS,
    "labels that cannot be listed are taken away",
    change(
      "shared/syncs/listing/list-labels.ts",
      "  return nothing;\n}\n\nasync function nextStep",
      '  return { next: null, write: async (tx) => void (await setLabels(tx, source.sourceId, await tx`select page_id as "pageId", array[]::text[] as labels from confluence_pages`)) };\n}\n\nasync function nextStep',
    ),
  ),
  bugFoundBy(
    OPTIONAL_CALLS,
    "an invalid item is treated as a page that is gone",
    change(
      "shared/confluence/pages-by-id.ts",
      "...page.odd.map((id) => ({ ...unreadablePage(kind, id), body: null })),",
      "",
    ),
    change(
      "shared/syncs/deletions/fetch-visible.ts",
      "isUndecided: (id) => skipped && !pages.has(id)",
      "isUndecided: (id) => skipped && pages.has(id)",
    ),
  ),
  bugFoundBy(
    RENDERED,
    "a page keeps its old text while its body is not rendered",
    change(
      "shared/syncs/pages/confluence-processor.ts",
      "if (!attempt.ok) return { page, content, notRendered: attempt.error, included: [] };",
      "if (!attempt.ok) throw attempt.error;",
    ),
  ),
  bugFoundBy(
    RENDERED,
    "a page without its rendered body is never rendered later",
    change(
      "shared/syncs/listing/queue-unrendered-pages.ts",
      "and (rendered_missing ->> 'next_attempt_at')::timestamptz <= ${now}",
      "and false",
    ),
  ),
  bugFoundBy(
    RENDERED,
    "a rendered body is not stored over the storage body of the same version",
    change(
      "shared/documents/is-superseded.ts",
      "  if (stored.version === page.version && stored.unrendered && !page.renderedMissing) return false;\n",
      "",
    ),
  ),
  bugFoundBy(
    RENDERED,
    "every sync waits for rendering again",
    change(
      "shared/syncs/listing/queue-unrendered-pages.ts",
      "\n      and (rendered_missing ->> 'next_attempt_at')::timestamptz <= ${now}",
      "",
    ),
    change(
      "shared/documents/rendered-missing.ts",
      "return missing !== null && Date.parse(missing.next_attempt_at) <= now.getTime();",
      "return missing !== null || now.getTime() === 0;",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/gateway-links.test.ts",
    "links lead to the gateway",
    change(
      "shared/syncs/pages/resolve-references.ts",
      "context.client.webBase() ?? webBaseOfSource(source)",
      "webBaseOfSource({ ...source, webBase: null })",
    ),
  ),
  bug(
    "a folder keeps the title that it had first",
    change(
      "shared/documents/folders.ts",
      "(${again} and f.operation_id <> ${operationId})",
      "(${again} and false)",
    ),
  ),
  bugFoundBy(
    "test/integration/access/access-option.test.ts",
    "restrictions that cannot be counted are asked for again at each retry of a sweep",
    change(
      "shared/access/sweeps/sweep-rows.ts",
      "? [FIRST_COUNT_RETRY_MS, COUNT_INTERVAL_MS]",
      "? [FIRST_RETRY_MS, MAX_RETRY_MS]",
    ),
  ),
  bugFoundBy(
    "test/integration/access/access-option.test.ts",
    "restrictions are counted as often as rights are read",
    change(
      "shared/access/sweeps/sweep-rows.ts",
      "when access = 'everything' then ${spread(",
      "when false then ${spread(",
    ),
  ),
  bugFoundBy(
    "test/integration/access/access-option.test.ts",
    "a space that is out of sight is counted as one without restrictions",
    change("shared/syncs/rights/count-restricted.ts", "  await verifySpace(client, source);\n", ""),
  ),
  bugFoundBy(
    "test/integration/access/access-option.test.ts",
    "a change of the mode is stored although no sweep follows",
    change(
      "functions/api/update-source.ts",
      "{ ...changes, first }, now());",
      "changes, now());\n    await transaction(sql, first);",
    ),
    change(
      "functions/api/update-source.ts",
      "import type { Sql } from",
      "import { transaction, type Sql } from",
    ),
  ),
  bugFoundBy(
    "test/integration/access/access-option.test.ts",
    "counts of restrictions go before sweeps of rights",
    change(
      "shared/access/sweeps/sweep-rows.ts",
      "order by s.access = 'everything', w.started_at",
      "order by w.started_at",
    ),
  ),
  bugFoundBy(
    "test/integration/access/access-option.test.ts",
    "a count of restrictions goes on where a sweep of rights was",
    change(
      "shared/access/sweeps/access-changes.ts",
      'if (mode === access && (mode === "everything" || containers === unreadableContainers)) return;',
      'if (mode === "everything" || (mode === access && containers === unreadableContainers)) return;',
    ),
  ),
];
