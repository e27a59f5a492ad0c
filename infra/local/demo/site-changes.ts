import type { SiteClient, SitePage } from "./site-client.ts";

export type Change = { kind: "added" | "updated" | "moved" | "deleted"; title: string; detail: string };

/** What a team does to its handbook in a week. Enough edits for some 200 searches during swaps. */
const EDITED = 40;
const MOVED = 2;
const DELETED = 3;

const NEW_PAGES = [
  {
    title: "Quiet hours for the on-call phone",
    body:
      "<p>Agreed by the whole team after the spring survey.</p>" +
      "<h2>When the phone stays silent</h2>" +
      "<p>Between 22:30 and 06:45 the on-call phone rings only for alerts of severity one. Everything else waits for the morning report.</p>" +
      "<h2>How to override</h2><p>The incident commander may end the quiet hours for one night by writing <code>/wake-all</code> in the incident channel.</p>",
  },
  {
    title: "Coffee machine descaling",
    body:
      "<h2>What you need</h2><p>Two sachets of citric acid from the cupboard beside the printer, and forty minutes.</p>" +
      "<h2>Steps</h2><table><tbody><tr><th>Step</th><th>Minutes</th></tr><tr><td>Fill the tank to the blue line</td><td>2</td></tr><tr><td>Run the long programme</td><td>25</td></tr><tr><td>Rinse twice</td><td>13</td></tr></tbody></table>",
  },
  {
    title: "Lending laptops to visitors",
    body:
      "<h2>Who may borrow one</h2><p>Visitors who stay for more than three days borrow a laptop from the pool named Heron.</p>" +
      '<h2>Wiping it afterwards</h2><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter><ac:plain-text-body><![CDATA[heronctl wipe --serial "$SERIAL" --confirm]]></ac:plain-text-body></ac:structured-macro>',
  },
];

/** Edits, adds, moves and deletes pages. Pages with others below them stay where they are, so that each change counts once. */
export async function changeSite(site: SiteClient): Promise<Change[]> {
  const pages = (await site.pages()).filter((page) => page.kind === "page");
  const parents = new Set(pages.map((page) => page.parent_id));
  const leaves = pages.filter((page) => page.parent_id !== null && !parents.has(page.id));
  const deleted = leaves.slice(0, DELETED);
  const moved = leaves.slice(DELETED, DELETED + MOVED);
  const taken = new Set([...deleted, ...moved]);
  const edited = pages.filter((page) => !taken.has(page)).slice(0, EDITED);
  const changes: Change[] = [];
  for (const page of edited) changes.push(await edit(site, page));
  for (const page of moved) changes.push(await move(site, page, pages));
  for (const page of deleted) {
    await site.trash(page.id);
    changes.push({ kind: "deleted", title: page.title, detail: "put in the trash" });
  }
  const home = pages.find((page) => page.parent_id === null)?.id ?? null;
  for (const page of NEW_PAGES) {
    await site.add({ ...page, parentId: home });
    changes.push({ kind: "added", title: page.title, detail: "a new page" });
  }
  return changes;
}

async function edit(site: SiteClient, page: SitePage): Promise<Change> {
  const addition = `<h2>Latest review</h2><p>${escapeXml(page.title)} was read again this week; the next review is due in three months.</p>`;
  await site.edit(page.id, (await site.storageBody(page.id)) + addition);
  return { kind: "updated", title: page.title, detail: `version ${page.version} to ${page.version + 1}` };
}

async function move(site: SiteClient, page: SitePage, pages: readonly SitePage[]): Promise<Change> {
  const target =
    pages.find((other) => other.parent_id === null && other.id !== page.parent_id) ??
    pages.find(
      (other) =>
        other.id !== page.parent_id &&
        other.id !== page.id &&
        pages.some((child) => child.parent_id === other.id),
    );
  if (!target) throw new Error(`The sample site has no other place for ${page.title}`);
  await site.move(page.id, target.id);
  return { kind: "moved", title: page.title, detail: `now below ${target.title}` };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
