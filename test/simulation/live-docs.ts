import { addPage } from "#infra/local/confluence-site/edits.ts";
import { editLive, hideLiveBody } from "#infra/local/confluence-site/live-edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { readRows } from "./invariants.ts";
import { SPACE } from "./people.ts";
import { makeRandom } from "./random.ts";
import { tell } from "./run.ts";
import { Violation } from "./violation.ts";
import type { LiveDocs, Run } from "./run-state.ts";

const NONE: LiveDocs = {
  prepare: () => {},
  live: () => {},
  show: () => {},
  check: async () => {},
  checkArrived: async () => {},
};

/** Responses without text after which a live doc may be empty. */
const FETCHES_TO_BELIEVE = 3;

/** Words that no page has: the number counts texts up, so that an older one is known as such. */
const FIRST_WORD = 800_000;
const textNumber = (text: string) => Number(/word(8\d{5})x/.exec(text)?.[1] ?? 0);
const hasText = (text: string) => /word\d+x/.test(text);

/** Half of the histories have none. Chances of their own, so that the rest of a history is what it was. */
export function makeLiveDocs(seed: number): LiveDocs {
  const random = makeRandom(seed ^ 0x11fe);
  if (random.chance(0.5)) return NONE;
  let words = FIRST_WORD;
  /** By id: how many requests there were when its text was hidden. */
  const hiddenAt = new Map<string, number>();
  /** The same, of those whose text is shown again, and how many there were when it was. */
  const shownAgain = new Map<string, { from: number; at: number }>();
  /** Texts that the search must show as changed. */
  const announced = new Map<string, number>();
  /** What was stored when it was looked at last. */
  const seen = new Map<string, { version: number; text: number; isEmpty: boolean }>();

  const docs = ({ world }: Run) =>
    [...world.site.pages.values()].filter((page) => page.subtype === "live" && page.status === "current");
  const body = () => `<h2>Minutes</h2><p>word${(words += 1)}x0 of a live doc</p>`;
  const stayed = ({ people }: Run, id: string) => people.absences(id).length === 0;
  const edit = (run: Run, doc: SitePage) => {
    const { site } = run.world;
    site.settings.live_edits_move_date = random.chance(0.8);
    editLive(site, doc.id, body());
    noteShown(run, doc);
    if (site.settings.live_edits_move_date) announced.set(doc.id, words);
    else announced.delete(doc.id);
    return `write in live doc ${doc.id}`;
  };
  const fetchesSince = ({ world: { site } }: Run, id: string, from: number) =>
    site.requests
      .slice(from)
      .filter(({ query, status }) => status === 200 && query.includes("body-format=storage"))
      .filter(({ query }) =>
        new URLSearchParams(query).getAll("id").some((ids) => ids.split(",").includes(id)),
      ).length;
  const noteShown = ({ world: { site } }: Run, { id }: SitePage) => {
    const from = hiddenAt.get(id);
    hiddenAt.delete(id);
    if (from !== undefined) shownAgain.set(id, { from, at: site.requests.length });
  };
  /**
   * A text that was hidden again before it was fetched was not seen, nor one that was not stored, also if a worker that then crashed had
   * fetched it: responses without text are counted from before it.
   */
  const noteHidden = (run: Run, { id, hiddenStorage }: SitePage) => {
    const before = shownAgain.get(id);
    const isNew = (seen.get(id)?.text ?? 0) < textNumber(hiddenStorage ?? "");
    const isUnseen = before !== undefined && (isNew || fetchesSince(run, id, before.at) === 0);
    hiddenAt.set(id, isUnseen ? before.from : run.world.site.requests.length);
  };
  const hide = (run: Run, doc: SitePage) => {
    const { site } = run.world;
    const isHidden = doc.hiddenStorage !== undefined;
    // Believed to be empty by now: that the text is shown again moves no date.
    const from = hiddenAt.get(doc.id);
    // Where no text was stored there is none to keep: the first such response is believed.
    const believed = (seen.get(doc.id)?.isEmpty ?? true) ? 1 : FETCHES_TO_BELIEVE;
    if (from !== undefined && fetchesSince(run, doc.id, from) >= believed) announced.delete(doc.id);
    hideLiveBody(site, doc.id, !isHidden);
    if (isHidden) noteShown(run, doc);
    else noteHidden(run, doc);
    return `${isHidden ? "show" : "hide"} the text of live doc ${doc.id}`;
  };

  const judge = (
    run: Run,
    doc: SitePage,
    row: { version: number; is_deleted: boolean; chunks: string[] },
  ) => {
    if (row.version === 0 || row.is_deleted || !stayed(run, doc.id)) return void seen.delete(doc.id);
    const stored = row.chunks.join("\n");
    const now = { version: row.version, text: textNumber(stored), isEmpty: !hasText(stored) };
    const before = seen.get(doc.id);
    seen.set(doc.id, now);
    if (!before) return undefined;
    if (now.isEmpty && !before.isEmpty) {
      const from = hiddenAt.get(doc.id);
      if (from !== undefined && fetchesSince(run, doc.id, from) < FETCHES_TO_BELIEVE)
        throw new Violation(`Live doc ${doc.id} lost its text though it was not returned empty often enough`);
    }
    if (!now.isEmpty && now.version === before.version && now.text < before.text)
      throw new Violation(
        `Live doc ${doc.id} went back from text ${before.text} to ${now.text} at version ${now.version}`,
      );
    return undefined;
  };

  return {
    prepare: ({ world, people }) => {
      for (let n = 1 + random.below(4); n > 0; n -= 1)
        addPage(world.site, { space: SPACE, title: `Live ${n}`, body: body(), subtype: "live" });
      people.observe();
    },
    live: (run, round) => {
      for (let deeds = random.below(4); deeds > 0; deeds -= 1) {
        const doc = random.pick(docs(run));
        if (doc) tell(run, `${round}: ${random.chance(0.7) ? edit(run, doc) : hide(run, doc)}`);
      }
    },
    show: (run) => {
      for (const doc of docs(run)) if (doc.hiddenStorage !== undefined) tell(run, hide(run, doc));
    },
    check: async (run) => {
      const rows = await readRows(run.world.sql);
      for (const doc of docs(run)) {
        const row = rows.get(doc.id);
        if (row) judge(run, doc, row);
      }
    },
    checkArrived: async (run) => {
      const rows = await readRows(run.world.sql);
      for (const doc of docs(run)) {
        const text = textNumber(doc.storage);
        if (announced.get(doc.id) !== text || !stayed(run, doc.id)) continue;
        const stored = textNumber(rows.get(doc.id)?.chunks.join("\n") ?? "");
        if (stored !== text)
          throw new Violation(`Live doc ${doc.id} has text ${text}; after a sync text ${stored} is stored`);
      }
    },
  };
}
