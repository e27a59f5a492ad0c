import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { startCheck } from "./blog-posts.ts";
import { checkFiles } from "./file-invariants.ts";
import { makeRandom } from "./random.ts";
import { OTHER_SPACE } from "./people.ts";
import { operate, services, tell } from "./run.ts";
import { makeUploaders } from "./uploaders.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { Run, Uploads } from "./run-state.ts";

/** Of histories: each of them has more to do. */
const SHARE = 0.4;

const TYPES_OF_IDS = "convert-ids-to-types";
const DOWNLOAD = "/child/attachment/";
const MEDIA = "/binary";
const BY_ID = "/api/v2/attachments/";
/** The listing of all files, which is the only query for files alone. */
const LISTING = "attachment+order";

const status = (path: string, code: number, times: number): Fault => ({
  effect: "status",
  status: code,
  retry_after: null,
  path,
  times,
  skip: 0,
});

/** What may happen to the calls for files, by the words of the story: none of it is the fault of a page. */
const FAULTS: readonly (readonly [string, readonly Fault[]])[] = [
  ...(
    [
      [
        "types of some ids are missing",
        { effect: "short_map", lacks: 2, path: TYPES_OF_IDS, times: 3, skip: 0 },
      ],
      ["types of ids are refused", status(TYPES_OF_IDS, 401, 2)],
      ["types of ids fail", status(TYPES_OF_IDS, 500, 20)],
    ] as const
  ).map(([what, fault]): [string, Fault[]] => [
    `a listing of files is empty, and ${what}`,
    [{ effect: "empty_listing", path: LISTING, times: 1, skip: 0 }, fault],
  ]),
  ["a listing of files is empty", [{ effect: "empty_listing", path: LISTING, times: 1, skip: 0 }]],
  ["a listing of files is cut short", [{ effect: "drop_next", path: LISTING, times: 1, skip: 0 }]],
  ["no file is shown by id", [status(BY_ID, 404, 5)]],
  ["files fail by id", [status(BY_ID, 500, 10)]],
  ["the address of a file is refused", [status(DOWNLOAD, 401, 2)]],
  ["the token lacks the scope for files", [scopeMissing(DOWNLOAD)]],
  [
    "a file's address leads elsewhere",
    [
      {
        effect: "redirect",
        location: "https://files.example.com/file/1/binary?token=x",
        path: DOWNLOAD,
        times: 3,
        skip: 0,
      },
    ],
  ],
  ["no address of a file for a while", [status(DOWNLOAD, 500, 6)]],
  ["429 for downloads", [{ effect: "rate_limit", retry_after: 300, path: DOWNLOAD, times: 2, skip: 0 }]],
  ["addresses of files have expired", [status(MEDIA, 403, 4)]],
  ["the media host does not find files", [status(MEDIA, 404, 2)]],
  ["the media host fails", [status(MEDIA, 500, 6)]],
  ["downloads are cut", [{ effect: "cut_body", path: MEDIA, times: 3, skip: 0 }]],
];

function scopeMissing(path: string): Fault {
  return { effect: "scope_missing", said_in: "both", path, times: 10, skip: 0 };
}

/** In most histories nobody uploads. Chances of its own, so that the rest of a history is what it was. */
export function makeUploads(seed: number): Uploads {
  const random = makeRandom(seed ^ 0xf11e5);
  const looks = random.fork();
  const uploads: Uploads = {
    random: looks,
    uploaders: null,
    isSynced: false,
    switches: 0,
    names: new Map(),
    goneAt: new Map(),
    prepare: () => false,
    live: async () => {},
    edit: () => null,
  };
  if (!random.chance(SHARE)) return uploads;
  const isSwitched = random.chance(0.3);
  const fails = random.chance(0.6);
  const faults = FAULTS.filter(() => random.chance(0.4));
  return Object.assign(uploads, {
    prepare: ({ world, people, calm }: Run) => {
      const { site } = world;
      site.settings.types_of_trashed = random.chance(0.5);
      site.settings.file_properties_move_date = random.chance(0.5);
      addPage(site, { space: OTHER_SPACE, title: "Files elsewhere", body: "<p>word0x5000 elsewhere</p>" });
      people.observe();
      const clock = () => world.now().getTime();
      const uploaders = makeUploaders(site, random.fork(), { people, clock, mayLose: !calm });
      uploads.uploaders = uploaders;
      for (let deeds = random.below(random.chance(0.3) ? 50 : 10); deeds > 0; deeds -= 1) uploaders.act();
      uploads.isSynced = random.chance(0.85);
      return uploads.isSynced;
    },
    live: async (run: Run, round: number) => {
      for (let deeds = random.below(5); deeds > 0; deeds -= 1) {
        const deed = uploads.uploaders?.act();
        if (deed) tell(run, `${round}: ${deed}`);
      }
      if (fails && !run.calm && random.chance(0.5)) {
        const what = trouble(run);
        tell(run, `${round}: ${what}`);
        // What is missing in the listing of a check is a candidate.
        if (what.includes("listing") && random.chance(0.6)) await startCheck(run);
      }
      if (isSwitched && random.chance(0.4)) await switchFiles(run, round);
    },
    edit: () => (uploads.isSynced ? (uploads.uploaders?.edit() ?? null) : null),
  });

  function trouble({ world }: Run): string {
    const [what, more] = random.pick(faults) ?? ["", []];
    if (what === "" || random.chance(0.2)) {
      world.extraction.crashes = 1 + random.below(2);
      return "the extractor is ended by its limits";
    }
    // Neither listed nor shown by id: nothing tells that from a file that is not visible, which is hidden until the next listing.
    const contradicts = more.some(hidesFromList) ? hidesById : more.some(hidesById) ? hidesFromList : null;
    if (contradicts) world.site.faults = world.site.faults.filter((fault) => !contradicts(fault));
    world.site.faults.push(...more.map((fault) => ({ ...fault })));
    return what;
  }
}

const hidesFromList = ({ path }: Fault) => path === LISTING;
const hidesById = (fault: Fault) => fault.path === BY_ID && fault.effect === "status" && fault.status === 404;

/** Share of the histories with files and faults. */
const SPOILED_SHARE = 0.35;

/** With nothing else going on: a check whose listing of files is empty, and to which some or all types are missing, takes no file. */
export async function checkWithoutListing(run: Run): Promise<void> {
  const { world, uploads, calm } = run;
  if (calm || !uploads.uploaders || !uploads.isSynced || !uploads.random.chance(SPOILED_SHARE)) return;
  const lacks = uploads.random.pick([0, 2, 100]) ?? 0;
  world.site.faults.push({ effect: "empty_listing", path: LISTING, times: 1, skip: 0 });
  if (lacks > 0)
    world.site.faults.push({ effect: "short_map", lacks, path: TYPES_OF_IDS, times: 1000, skip: 0 });
  tell(run, `a check without a listing of files, ${lacks} types are missing`);
  const request = { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual", force: true } as const;
  await operate(run, () => startOperation(request, services(run)));
  world.site.faults.length = 0;
  await checkFiles(run);
}

/** An operator switches files on or off by the API. */
async function switchFiles(run: Run, round: number): Promise<void> {
  const { world, uploads, seen } = run;
  const attachments = !uploads.isSynced;
  const api = await makeApiClient(world.services(null));
  const { status: code, body } = await api("PATCH", `/api/confluence/${SOURCE_ID}`, {
    body: { content: { attachments } },
  });
  if (code !== 200 || body.content.attachments !== attachments)
    throw new Violation(`Switching files ${attachments ? "on" : "off"} got ${code}`);
  // Rows go, and what comes back starts again.
  for (const id of seen.versions.keys()) if (id.startsWith("att")) seen.versions.delete(id);
  uploads.names.clear();
  uploads.goneAt.clear();
  if (attachments) uploads.uploaders?.listedNext();
  uploads.isSynced = attachments;
  uploads.switches += 1;
  tell(run, `${round}: files are switched ${attachments ? "on" : "off"}`);
}
