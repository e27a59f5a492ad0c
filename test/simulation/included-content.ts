import { restrictContent } from "#infra/local/confluence-site/directory-edits.ts";
import { addPage, editFolder, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { EditRefused } from "#infra/local/confluence-site/edit-refused.ts";
import { renderedBody } from "#infra/local/confluence-site/export-view.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { SPACE } from "./people.ts";
import { makeRandom } from "./random.ts";
import { DAY, tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { IncludedContent, Run } from "./run-state.ts";

const NONE: IncludedContent = {
  prepare: () => {},
  live: () => {},
  wait: () => {},
  check: async () => {},
};

const WORD = /word\d+x\d+/g;
/** Words that nothing else has. */
const FIRST_WORD = 700_000;
const LABEL = "shown";
/** A search for a word of a page finds five: one that is shown on more of them would not be among them. */
const MOST_INCLUDERS = 4;

/** In half of the histories no page shows others by intent. Chances of its own, so that the rest of a history is what it was. */
export function makeIncludedContent(seed: number): IncludedContent {
  const random = makeRandom(seed ^ 0x1cde);
  if (random.chance(0.5)) return NONE;
  let words = FIRST_WORD;
  let made = 0;

  const pages = ({ world: { site } }: Run) =>
    [...site.pages.values()].filter(
      (page) =>
        page.status === "current" && page.kind === "page" && site.spaces.get(page.spaceId)?.key === SPACE,
    );
  const shows = (page: SitePage) => page.title.startsWith("Shows ");
  const include = (title: string, space = "") =>
    `<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page${space} ri:content-title="${title}"/></ac:link></ac:parameter></ac:structured-macro>`;
  const report = () =>
    `<ac:structured-macro ac:name="detailssummary"><ac:parameter ac:name="cql">label = "${LABEL}" and space = currentSpace()</ac:parameter></ac:structured-macro>`;
  const body = (run: Run): string => {
    const own = `<p>word${(words += 1)}x0 of its own</p>`;
    const kind = random.next();
    if (kind < 0.1) return own + report();
    // A title that is there later, or never.
    if (kind < 0.2) return own + include(`Shown ${random.below(3)}`);
    if (kind < 0.3 && run.neighbours.list.length > 0)
      return own + include(`NEXT ${random.below(3)}`, ' ri:space-key="NEXT"');
    const others = pages(run).filter((page) => (kind < 0.6 ? shows(page) : !shows(page)));
    return own + include((random.pick(others) ?? random.pick(pages(run)))?.title ?? "Nothing");
  };
  const add = (run: Run, title: string, more: { body: string; labels?: string[] }): string => {
    const page = addPage(run.world.site, { space: SPACE, title, ...more });
    run.people.edited(page.id);
    return `add ${page.id}, "${title}"`;
  };
  const edit = (run: Run, page: SitePage, text: string): string => {
    editPage(run.world.site, page.id, { body: text });
    run.people.edited(page.id);
    return `edit ${page.id}, "${page.title}"`;
  };
  const plain = () => `<p>word${(words += 1)}x0 and more text</p>`;
  const property = () =>
    `<ac:structured-macro ac:name="details"><ac:rich-text-body><table><tbody><tr><th>Owner</th><td>word${(words += 1)}x0</td></tr></tbody></table></ac:rich-text-body></ac:structured-macro>`;
  /** What an includer names, by title. */
  const shown = (run: Run) =>
    pages(run).filter((page) =>
      pages(run).some((other) => shows(other) && other.storage.includes(`ri:content-title="${page.title}"`)),
    );

  const deeds: readonly ((run: Run) => string | null)[] = [
    (run) =>
      pages(run).filter(shows).length < MOST_INCLUDERS
        ? add(run, `Shows ${(made += 1)}`, { body: body(run) })
        : null,
    (run) => {
      const page = random.pick(pages(run).filter(shows));
      return page ? edit(run, page, body(run)) : null;
    },
    (run) => {
      const page = random.pick(shown(run));
      return page && !shows(page) ? edit(run, page, random.chance(0.8) ? plain() : property()) : null;
    },
    (run) => add(run, `Shown ${random.below(3)}`, { body: plain() }),
    (run) => {
      const page = random.pick(pages(run));
      if (!page) return null;
      const change = page.labels.includes(LABEL) ? { remove: [LABEL] } : { add: [LABEL] };
      labelPage(run.world.site, page.id, change);
      return `label ${page.id}`;
    },
  ];
  /** Where a page or folder may be: below another one of the space, or on its own. */
  const somewhere = (run: Run): string | null => {
    const { site } = run.world;
    const folders = [...site.folders.values()].filter(
      ({ spaceId }) => site.spaces.get(spaceId)?.key === SPACE,
    );
    return random.chance(0.4) ? null : (random.pick([...pages(run), ...folders])?.id ?? null);
  };
  const moves: readonly ((run: Run) => string | null)[] = [
    (run) => {
      const page = random.pick(pages(run).filter(shows));
      if (!page) return null;
      movePage(run.world.site, page.id, { parentId: somewhere(run) });
      return `move ${page.id}, "${page.title}"`;
    },
    (run) => {
      const { site } = run.world;
      const folder = random.pick([...site.folders.values()]);
      if (!folder) return null;
      editFolder(site, folder.id, { parentId: somewhere(run) });
      return `move folder ${folder.id}`;
    },
    (run) => {
      const { site } = run.world;
      const [page, target] = [random.pick(pages(run).filter(shows)), random.pick(shown(run))];
      const above = random.pick(pages(run).filter((other) => other !== page && other !== target));
      if (!page || !target || !above || run.rights.mode() === "everything") return null;
      movePage(site, target.id, { parentId: above.id });
      movePage(site, page.id, { parentId: above.id });
      restrictContent(site, above.id, { users: ["ann"] });
      restrictContent(site, page.id, { users: ["ann", "bob"] });
      return `move ${target.id} and ${page.id} below ${above.id}, for few, and let more into ${page.id}`;
    },
  ];
  const act = (run: Run): string | null => {
    run.rights.observe(run);
    try {
      return random.pick(random.chance(0.2) ? moves : deeds)?.(run) ?? null;
    } catch (error) {
      if (error instanceof EditRefused) return null;
      throw error;
    } finally {
      run.people.observe();
      run.rights.observe(run);
    }
  };

  return {
    prepare: (run) => {
      for (let deeds = 2 + random.below(6); deeds > 0; deeds -= 1) act(run);
    },
    live: (run, round) => {
      for (let deeds = random.below(4); deeds > 0; deeds -= 1) {
        const deed = act(run);
        if (deed) tell(run, `${round}: ${deed}`);
      }
    },
    wait: ({ world }) => world.pass(DAY),
    check: async (run) => {
      const { world, people } = run;
      const rows = await world.sql<{ page_id: string; unrendered: boolean; text: string }[]>`
        select p.page_id, p.rendered_missing is not null as unrendered, coalesce((
          select string_agg(c.content, ' ') from archon_crawled_pages c
          where c.source_id = p.source_id and c.page_id = p.page_id), '') as text
        from confluence_pages p
        where p.source_id = ${SOURCE_ID} and p.kind = 'page' and not p.is_deleted and p.missing_since is null order by p.page_id`;
      for (const { page_id, unrendered, text } of rows) {
        const page = world.site.pages.get(page_id);
        if (!page || !people.belongs(page_id)) continue;
        const expected = new Set(renderedBody(world.site, "account", page).match(WORD));
        const stored = new Set(text.match(WORD));
        for (const word of stored)
          if (!expected.has(word))
            throw new Violation(`Page ${page_id} still has ${word}, which is not shown on it`);
        // With rights, what a page shows of others may be left out.
        const required =
          run.rights.mode() === "everything" ? expected : new Set(page.storage.match(WORD) ?? []);
        for (const word of required)
          if (!stored.has(word) && !unrendered)
            throw new Violation(`Page ${page_id} lacks ${word}, which is shown on it`);
      }
    },
  };
}
