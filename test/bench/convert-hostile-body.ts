import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { PermanentError } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { unresolvedReferences } from "#test/support/unresolved-references.ts";
import { HOSTILE_BODIES } from "./hostile-bodies.ts";

/** Child of hostile.ts: converts and cuts one body in a process of its own, and prints what that took as one JSON line. */
const [name = ""] = process.argv.slice(2);
const body = HOSTILE_BODIES[name]?.() ?? "";
const before = process.cpuUsage();
let result: object;
try {
  const { markdown } = readPage({ format: "storage", value: body }).toMarkdown(unresolvedReferences);
  result = {
    ended: "converted",
    markdown_mb: megabytes(markdown.length),
    chunks: chunkMarkdown(markdown).length,
  };
} catch (error) {
  // Anything else is a bug: the parent sees that this process failed.
  if (!(error instanceof PermanentError)) throw error;
  result = { ended: error.code };
}
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    ...result,
    cpu_seconds: Number(((user + system) / 1e6).toFixed(2)),
    peak_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
);

function megabytes(length: number): number {
  return Number((length / 1024 / 1024).toFixed(1));
}
