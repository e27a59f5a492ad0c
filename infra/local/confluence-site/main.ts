import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { stopOnSignal } from "#infra/local/runner/stop-signals.ts";
import { loadSite } from "./load-site.ts";
import { SAMPLE_FOLDER } from "./sample-folder.ts";
import { startConfluenceSite } from "./start.ts";

const serve = defineCommand({
  name: "npm run confluence --",
  does: "A simulated Confluence Cloud site on this machine.",
  options: {
    dir: { type: "folder", value: "DIR", description: "folder of pages, in place of the sample site" },
    port: {
      type: "integer",
      value: "N",
      min: 0,
      max: 65_535,
      default: 4000,
      description: "port on 127.0.0.1, 0 for any free one",
    },
  },
  more: `The folder has a manifest.jsonl (one page a line: file, space, title, breadcrumbs, last_modified; optional kind (page or
blogpost), id, labels, version, author), or <id>.storage.xml and <id>.export_view.html, or any .xml; the first folder below
DIR is the space, a folder blogposts in it holds its blog posts. A page's restrictions ({users, groups}: account ids, names of
groups) say who sees it and what is below it. Beside a manifest, people.jsonl (account_id, display_name; optional email, status,
guest, type) and groups.jsonl (name, members; optional id, licensed) are the directory; comments.jsonl (on, body, created; optional
reply_to, selection, resolution, author) and attachments.jsonl (on, file, created; optional title, media_type, author) name
what is on its pages; "on" is a page's file.

Sign in with any e-mail address and the token demo-token. Change the site with POST /admin/{command}
(add, edit, move, label, unlabel, trash, purge, restore, archive, unarchive, restriction, space_readers, person, edit_group,
settings, fault, ...), see it with GET /admin/requests, /admin/pages, /admin/settings, /admin/faults.`,
  run: async ({ dir, port }) => {
    const site = await loadSite(dir ?? SAMPLE_FOLDER, { now: () => new Date(), random: Math.random });
    const running = await startConfluenceSite({ site, port });
    stopOnSignal(async () => {
      await running.close();
      return 0;
    });
    console.log(`Confluence site: ${running.url} (any e-mail, token ${site.settings.token})`);
    for (const space of site.spaces.values()) {
      const own = [...site.pages.values()].filter((page) => page.spaceId === space.id);
      const posts = own.filter((page) => page.kind === "blogpost").length;
      const and = posts === 0 ? "" : ` and ${posts} blog posts`;
      console.log(`  ${space.key}  ${space.name}: ${own.length - posts} pages${and}`);
    }
  },
});

await runCommand(serve);
