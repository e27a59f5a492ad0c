import { parseArgs } from "node:util";
import { stopOnSignal } from "#infra/local/runner/stop-signals.ts";
import { loadSite } from "./load-site.ts";
import { FolderError } from "./loaded-folder.ts";
import { SAMPLE_FOLDER } from "./sample-folder.ts";
import { startConfluenceSite } from "./start.ts";

const HELP = `A simulated Confluence Cloud site on this machine.

  npm run confluence -- [--dir DIR] [--port N]

  --dir DIR   folder of pages; default: the sample site. Either with manifest.jsonl (one page a line: file, space, title,
              breadcrumbs, last_modified; optional id, labels, version, author), or with <id>.storage.xml and
              <id>.export_view.html, or any .xml; the first folder below DIR is the space
  --port N    port on 127.0.0.1; default 4000, 0 takes a free one

Sign in with any e-mail address and the token demo-token. Change the site with POST /admin/{command}
(add, edit, move, label, unlabel, trash, purge, restore, archive, unarchive, restrict, settings, fault, ...), see
it with GET /admin/requests, /admin/pages, /admin/settings, /admin/faults.
`;

try {
  await main();
} catch (error) {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (
    !(error instanceof FolderError) &&
    code !== "EADDRINUSE" &&
    !String(code).startsWith("ERR_PARSE_ARGS")
  ) {
    throw error;
  }
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { dir: { type: "string" }, port: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const port = Number(values.port ?? 4000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new FolderError(`${values.port} is not a port`);
  const site = await loadSite(values.dir ?? SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
  const running = await startConfluenceSite({ site, port });
  stopOnSignal(async () => {
    await running.close();
    return 0;
  });
  console.log(`Confluence site: ${running.url} (any e-mail, token ${site.settings.token})`);
  for (const space of site.spaces.values()) {
    const pages = [...site.pages.values()].filter((page) => page.spaceId === space.id);
    console.log(`  ${space.key}  ${space.name}: ${pages.length} pages`);
  }
}
