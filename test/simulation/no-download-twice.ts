import type { Run } from "./run-state.ts";
import { Violation } from "./violation.ts";

/** Without faults and crashes each version of a file is downloaded once, and only if its type says that it may have text. */
export function checkNoDownloadTwice({ world, uploads }: Run): void {
  if (!uploads.uploaders) return;
  const times = Map.groupBy(world.site.mediaRequests, ({ path }) => path);
  for (const [path, requests] of times)
    if (requests.length > 1 + uploads.switches)
      throw new Violation(`${path} was downloaded ${requests.length} times`);
  for (const file of world.site.attachments.values()) {
    const { result } = uploads.uploaders.expected(file);
    if (result !== "unsupported_type" && result !== "too_large") continue;
    const asked = file.files.find(({ fileId }) => times.has(`/file/${fileId}/binary`));
    if (asked) throw new Violation(`${file.title} was downloaded, and its text is not read`);
  }
}
