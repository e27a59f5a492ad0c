import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { NOBODY, type RightsSubject, type SpaceReaders } from "#shared/confluence/content-rights.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { rightsClient, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";
import { makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const idsOf = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const nameOf = (subject: RightsSubject) =>
  subject.type === "anonymous" ? "anonymous" : `${subject.type} ${subject.id}`;

describe("questions about whom a folder lets in", () => {
  let database: TestDatabase;
  let source: SweptSource;
  let asked: string[];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    source = await makeSweptSource(database.sql);
    asked = [];
  });
  afterAll(() => database.close());

  /** The folder 9 with the page 3 in it, in a space with these readers. `lets`: whom the folder lets in. */
  const makeSite = (
    readers: Partial<SpaceReaders>,
    lets: (subject: string, folder: string) => boolean,
    contents: Record<string, Partial<ToldContent>> = {},
  ): RightsClient => {
    const site = rightsClient({ "9": { type: "folder" }, "3": { parentId: "9" }, ...contents }, ACCOUNT_ID);
    site.readers = { users: [], groups: [], classes: [], unknown: [], ...readers };
    site.permitted = (id, subject) => {
      asked.push(nameOf(subject));
      return lets(nameOf(subject), id);
    };
    return site;
  };
  const folder = async (id = "9") => {
    const [row] = await database.sql`
      select state, users, groups, classes from access_nodes where content_id = ${id}`;
    return row;
  };
  const trusted = async () => {
    const [row] = await database.sql`select counters -> 'containers_trusted' as count from access_sweeps`;
    return row?.["count"];
  };
  const trust = () => database.sql`update archon_sources set unreadable_containers = 'trust'`;
  const addMembers = (group: string, ids: readonly string[]) => database.sql`
    with known as (
      insert into directory_groups (site_id, group_id, state, verified_at)
      select site_id, ${group}, 'known', now() from confluence_sites returning site_id)
    insert into directory_members (site_id, group_id, account_id)
    select site_id, ${group}, unnest(${[...ids]}::text[]) from known`;
  const KNOWN = { state: "known", users: [], groups: [], classes: [] };
  const OPEN = { ...KNOWN, state: "open" };
  const HIDDEN = { ...KNOWN, state: "unknown" };

  it("each person and group that reads the space is asked about, and a folder that lets all of them in is open", async () => {
    const site = makeSite({ users: ["u", NOBODY], groups: ["g"], classes: ["anonymous"] }, () => true);
    expect(await source.sweep(site)).toBe("complete");
    expect(asked).toEqual(["anonymous", "user u", "group g"]);
    expect(await folder()).toEqual(OPEN);
  });

  it.each<[string, Partial<SpaceReaders>, string, object]>([
    ["a person", { users: ["u", "w"], groups: ["g"] }, "user w", { users: ["u"], groups: ["g"] }],
    ["a group", { users: ["u"], groups: ["g", "h"] }, "group h", { users: ["u"], groups: ["g"] }],
  ])("a folder that keeps out %s lets the other readers in", async (_, readers, kept, expected) => {
    await source.sweep(makeSite(readers, (subject) => subject !== kept));
    expect(await folder()).toEqual({ ...KNOWN, ...expected });
  });

  it("in a public space, a folder that keeps the public out lets in the groups of those with a licence that it names", async () => {
    await source.sweep(makeSite({ classes: ["anonymous"] }, (subject) => subject === "group licensed"));
    expect(asked).toEqual(["anonymous", "group licensed"]);
    expect(await folder()).toEqual({ ...KNOWN, groups: ["licensed"] });
  });

  describe("in a space that everybody with a licence reads", () => {
    const CLASSES: SpaceReaders["classes"] = ["all-licensed"];
    const withLicences = (site: RightsClient, groups: string[]) => {
      site.client.licensedGroups = async () => groups;
      return site;
    };

    it("a folder is open if it lets in all groups of people with a licence", async () => {
      await source.sweep(
        withLicences(
          makeSite({ classes: CLASSES }, () => true),
          ["l1", "l2"],
        ),
      );
      expect(asked).toEqual(["group l1", "group l2"]);
      expect(await folder()).toEqual(OPEN);
    });

    it("a folder that keeps one person out still lets in everybody with a licence", async () => {
      const site = makeSite({ users: ["guest"], classes: CLASSES }, (subject) => subject !== "user guest");
      await source.sweep(withLicences(site, ["l1", "l2"]));
      expect(await folder()).toEqual({ ...KNOWN, classes: CLASSES });
    });

    it("a folder that lets in only one of the groups with a licence lets in that group, and members of the other that it names", async () => {
      await source.sweep(
        withLicences(
          makeSite({ classes: CLASSES }, () => true),
          [],
        ),
      );
      await addMembers("l1", ["m0"]);
      await addMembers("l2", ["m1", "m2"]);
      asked.length = 0;
      const lets = ["group l1", "user m2"];
      await source.sweep(
        withLicences(
          makeSite({ classes: CLASSES }, (who) => lets.includes(who)),
          ["l1", "l2"],
        ),
      );
      expect(await folder()).toEqual({ ...KNOWN, users: ["m2"], groups: ["l1"] });
      expect(asked).toEqual(["group l1", "group l2", "user m1", "user m2"]);
    });

    it("without groups that give a licence nothing is proven of those with one", async () => {
      await source.sweep(
        withLicences(
          makeSite({ users: ["u"], classes: CLASSES }, () => true),
          [],
        ),
      );
      expect(await folder()).toEqual({ ...KNOWN, users: ["u"] });
    });
  });

  it.each([
    ["with sixty readers a folder is proven by asking about each", 60, OPEN, 60],
    ["with more than sixty readers a folder is hidden, and nobody is asked about", 61, HIDDEN, 0],
  ])("%s", async (_, readers, expected, questions) => {
    await source.sweep(makeSite({ users: idsOf("user", readers - 1), groups: ["g"] }, () => true));
    expect(await folder()).toEqual(expected);
    expect(asked).toHaveLength(questions);
  });

  it("in a space that nobody reads a folder is hidden: of nobody nothing is proven", async () => {
    await source.sweep(makeSite({}, () => true));
    expect(await folder()).toEqual(HIDDEN);
  });

  it("the public is one of the sixty readers that may be asked about", async () => {
    const readers: Partial<SpaceReaders> = { users: idsOf("user", 60), classes: ["anonymous"] };
    await source.sweep(makeSite(readers, () => true));
    expect([await folder(), asked]).toEqual([HIDDEN, ["anonymous"]]);
  });

  it.each([
    [58, ["u", ...idsOf("m", 58)]],
    [59, ["u"]],
  ])(
    "of a refused group %i members are asked about if there is room for them, none of them twice",
    async (count, expected) => {
      await addMembers("g", ["u", ...idsOf("m", count)]);
      const site = makeSite({ users: ["u"], groups: ["g"] }, (subject) => subject !== "group g");
      await source.sweep(site);
      const { users, ...others } = (await folder()) ?? {};
      expect([users.toSorted(), others]).toEqual([
        expected.toSorted(),
        { state: "known", groups: [], classes: [] },
      ]);
      expect(asked.filter((subject) => subject === "user u")).toHaveLength(1);
    },
  );

  describe("that cannot be answered", () => {
    const failWith = (error: Error) => (): boolean => {
      throw error;
    };
    const twoFolders = { "8": { type: "folder" }, "2": { parentId: "8" } };

    it("a group that Confluence does not know is let in nowhere, and the others are", async () => {
      const gone = failWith(new PermanentError("not_found", "No such group"));
      const site = makeSite({ users: ["u"], groups: ["gone"] }, (who) => who !== "group gone" || gone());
      await source.sweep(site);
      expect(await folder()).toEqual({ ...KNOWN, users: ["u"] });
    });

    it.each([
      ["hidden", 0, HIDDEN],
      ["shown where the source trusts such folders", 2, OPEN],
    ])("a folder about which all questions are refused is %s", async (_, count, expected) => {
      if (count > 0) await trust();
      const lets = failWith(new PermanentError("not_found", "No such content"));
      await source.sweep(makeSite({ users: ["u"], groups: ["g"] }, lets, twoFolders));
      expect([await folder("8"), await folder()]).toEqual([expected, expected]);
      expect(await trusted()).toBe(count);
      // Of the second folder as well: it may be another one that is gone.
      expect(asked).toHaveLength(4);
    });

    it("an account that may ask about nobody asks once in a sweep", async () => {
      await trust();
      const lets = failWith(new PermanentError("forbidden", "Only administrators"));
      await source.sweep(makeSite({ users: ["u"], groups: ["g"] }, lets, twoFolders));
      expect(asked).toEqual(["user u"]);
      expect(await trusted()).toBe(2);
    });

    it("a folder that was not asked about because Confluence failed is not trusted, and the next is asked about", async () => {
      await trust();
      const fails = failWith(new TransientError("confluence_failed", "500"));
      const site = makeSite({ users: ["u"] }, (_, id) => id === "9" || fails(), twoFolders);
      expect(await source.sweep(site)).toBe("complete");
      expect([await folder("8"), await folder("9"), await trusted()]).toEqual([HIDDEN, OPEN, 0]);
    });

    it("an internal error is not taken for an answer", async () => {
      const error = new TypeError("a bug");
      await expect(source.sweep(makeSite({ users: ["u"] }, failWith(error)))).rejects.toBe(error);
    });
  });

  it("a folder below what may not be read is asked about in vain, so it is not, and is not trusted either", async () => {
    await trust();
    const failure = new PermanentError("not_found", "404");
    const site = makeSite({ users: ["u"] }, () => true, {
      "1": { isUnlisted: true, failure },
      "9": { type: "folder", parentId: "1" },
    });
    await source.sweep(site);
    expect([await folder(), asked, await trusted()]).toEqual([HIDDEN, [], 0]);
  });

  it.each([
    ["unrestricted", [], 1],
    ["per_user", ["SOMETHING_NEW"], 1],
    ["unrestricted", ["SOMETHING_NEW"], 0],
  ] as const)(
    "with access %s and unknown readers %j a folder is asked about %i times",
    async (access, unknown, questions) => {
      await database.sql`update archon_sources set access = ${access} where source_id = ${SOURCE_ID}`;
      await source.sweep(makeSite({ users: ["u"], unknown: [...unknown] }, () => true));
      expect(asked).toHaveLength(questions);
      expect(await folder()).toEqual(questions > 0 ? OPEN : HIDDEN);
    },
  );
});
