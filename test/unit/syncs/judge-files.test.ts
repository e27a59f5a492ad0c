import { describe, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import type { Candidate } from "#shared/syncs/deletions/deletion-rules.ts";
import { judgeFiles } from "#shared/syncs/deletions/judge-files.ts";

const SPACE_ID = "9";
const HIDDEN = { outcome: "hidden", reason: "not_visible" };

type Site = {
  /** What Confluence says each id is: a type, or null for gone or not visible. */
  types?: Record<string, string | null>;
  /** Files by their ids; those that are not named are not visible. */
  files?: Record<string, { status?: string; containerId?: string | null }>;
  /** The space of each page and blog post. */
  spaces?: Record<string, string | null>;
  typesFail?: Error;
  fileFails?: Error;
};

/** A check of a space whose site answers like this. */
function checkOf({ types = {}, files = {}, spaces = {}, typesFail, fileFails }: Site) {
  const asked: string[] = [];
  const client = {
    drift: () => ({ answers: 0, skipped: 0, example: null }),
    typesOfIds: async (ids: readonly string[]) => {
      asked.push(`types ${ids.join(" ")}`);
      if (typesFail) throw typesFail;
      return new Map(Object.entries(types));
    },
    attachment: async (id: string) => {
      asked.push(`file ${id}`);
      if (fileFails) throw fileFails;
      const file = files[id];
      return file ? { id, status: "current", containerId: "page", ...file } : null;
    },
    pagesById: async (kind: string, ids: readonly string[]) => {
      asked.push(`${kind} ${ids.join(" ")}`);
      return ids.flatMap((id) => (kind === "page" && id in spaces ? [{ id, spaceId: spaces[id] }] : []));
    },
  } as unknown as ConfluenceClient;
  const context = {
    client,
    source: { sourceId: "s", spaceId: SPACE_ID, refusedCalls: {} },
    // What fails here is noted on the source, which is not what is asked.
    services: {
      now: () => new Date(0),
      sql: Object.assign(async () => [], { json: String }),
      log: { warn: () => {} },
    },
  } as unknown as StepContext;
  const verdicts = async (...candidates: Partial<Candidate>[]) => {
    const judged = await judgeFiles(
      context,
      candidates.map((more) => ({
        page_id: "f",
        kind: "attachment",
        container_id: "page",
        missing_since: null,
        ...more,
      })),
    );
    return judged.map(({ verdict }) => verdict);
  };
  return { asked, verdicts };
}

const FILE = { types: { f: "attachment" } };

describe("the verdict on a file that the listing did not show", () => {
  it.each<[string, Site]>([
    ["Confluence knows nothing of", { types: { f: null } }],
    ["is not visible although its type is told", FILE],
  ])("a file that %s is hidden, and deleted the next time", async (_, site) => {
    const missing_since = new Date(0);
    expect(await checkOf(site).verdicts({}, { missing_since })).toEqual([
      HIDDEN,
      { ...HIDDEN, outcome: "deleted" },
    ]);
  });

  it.each(["trashed", "deleted", "archived"])(
    "a file that is %s is deleted with that reason",
    async (status) => {
      const { verdicts } = checkOf({ ...FILE, files: { f: { status } } });
      expect(await verdicts({})).toEqual([{ outcome: "deleted", reason: status }]);
    },
  );

  it("a file that was moved to a page of another space is deleted", async () => {
    const { verdicts } = checkOf({
      ...FILE,
      files: { f: { containerId: "there" } },
      spaces: { there: "10" },
    });
    expect(await verdicts({})).toEqual([{ outcome: "deleted", reason: "moved_to_another_space" }]);
  });

  it.each<[string, Site]>([
    ["is on its page", { files: { f: {} }, spaces: { page: "10" } }],
    ["does not say what it is on", { files: { f: { containerId: null } } }],
    [
      "is on another page of the space",
      { files: { f: { containerId: "near" } }, spaces: { near: SPACE_ID } },
    ],
    ["is on a page of no known space", { files: { f: { containerId: "odd" } }, spaces: { odd: null } }],
    ["is on a page that is not visible", { files: { f: { containerId: "dark" } } }],
  ])("a file that %s stays", async (_, site) => {
    expect(await checkOf({ ...FILE, ...site }).verdicts({})).toEqual([null]);
  });

  it.each<[string, Site, string[]]>([
    ["its type is not told", { types: {} }, ["types f"]],
    ["types may not be asked for", { typesFail: new PermanentError("request_refused", "no") }, ["types f"]],
    ["types are not told in time", { typesFail: new TransientError("timeout", "slow") }, ["types f"]],
    [
      "it cannot be read itself",
      { ...FILE, fileFails: new TransientError("timeout", "slow") },
      ["types f", "file f"],
    ],
  ])("a file stays when %s", async (_, site, expected) => {
    const { verdicts, asked } = checkOf(site);
    expect(await verdicts({})).toEqual([null]);
    expect(asked).toEqual(expected);
  });

  it.each([
    ["on its page", "page"],
    ["on what it does not say", null],
  ])("of a file %s no page is asked for", async (_, containerId) => {
    const { verdicts, asked } = checkOf({ ...FILE, files: { f: { containerId } } });
    await verdicts({});
    expect(asked).toEqual(["types f", "file f"]);
  });

  it("the types of all files take one call, and each file that exists one more", async () => {
    const types = { "1": "attachment", "2": null, "3": "attachment" };
    const { verdicts, asked } = checkOf({ types, files: { "1": {}, "3": { status: "trashed" } } });
    expect(await verdicts({ page_id: "1" }, { page_id: "2" }, { page_id: "3" })).toEqual([
      null,
      HIDDEN,
      { outcome: "deleted", reason: "trashed" },
    ]);
    expect(asked).toEqual(["types 1 2 3", "file 1", "file 3"]);
  });

  it("a limit stops the check until it has passed", async () => {
    const limit = new RateLimitedError("429", 1000);
    await expect(checkOf({ typesFail: limit }).verdicts({})).rejects.toBe(limit);
    await expect(checkOf({ ...FILE, fileFails: limit }).verdicts({})).rejects.toBe(limit);
  });
});
