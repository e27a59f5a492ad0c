import { describe, expect, it } from "vitest";
import {
  nextStart,
  principalsOf,
  readerOf,
  readersOf,
  rightsFromV1,
} from "#shared/confluence/rights-mapping.ts";
import {
  isPrincipalId,
  permissionSchema,
  restrictionSchema,
  rightsHitSchema,
} from "#shared/confluence/rights-schemas.ts";

const items = (count: number) => Array.from({ length: count }, (_, n) => n);

describe("where a list continues", () => {
  it.each([
    ["is full", { results: items(200) }, 200],
    ["holds more than was asked for", { results: items(210) }, 210],
    ["has room left", { results: items(199) }, null],
    ["is empty", { results: [] }, null],
    ["fills the smaller limit that the site states", { results: items(50), limit: 50 }, 50],
    ["has room left below that limit", { results: items(49), limit: 50 }, null],
    ["states a limit of nothing", { results: items(199), limit: 0 }, null],
  ])("a list that %s and names no next start", (_, list, next) => {
    expect(nextStart(list, 0, 200)).toBe(next);
    expect(nextStart(list, 400, 200)).toBe(next === null ? null : 400 + next);
  });

  it.each([
    ["the start that it names", "/rest/api/group?start=240&limit=200", 240],
    ["the start that it names behind other parameters", "/rest/api/group?limit=200&start=1000", 1000],
    ["after what was asked for, where it names no start", "/rest/api/group?cursor=abc", 400],
    ["after what was asked for, where another parameter is called alike", "/group?restart=900", 400],
    ["after what was asked for, where the start that it names is no step forward", "/group?start=200", 400],
    ["after what was asked for, where the start that it names leads back", "/group?start=0", 400],
  ])("a list with a next link continues with %s", (_, next, expected) => {
    expect(nextStart({ results: items(3), _links: { next } }, 200, 200)).toBe(expected);
  });

  it("a list with a next link continues after the limit that the site states", () => {
    expect(nextStart({ results: items(3), limit: 50, _links: { next: "/group" } }, 200, 200)).toBe(250);
  });

  it.each([null, {}, { next: null }, { next: "" }])("links without a next one are none: %j", (_links) => {
    expect(nextStart({ results: items(3), _links }, 0, 200)).toBeNull();
  });
});

describe("the principals of a restriction", () => {
  const restriction = (users: unknown[], groups: unknown[]) =>
    principalsOf(
      restrictionSchema.parse({ restrictions: { user: { results: users }, group: { results: groups } } }),
    );

  it("each is named once, in one order", () => {
    const [ann, bob] = [{ accountId: "ann" }, { accountId: "bob" }];
    expect(restriction([bob, ann, bob], [{ id: "g2" }, { id: "g1" }, { id: "g2" }])).toEqual({
      users: ["ann", "bob"],
      groups: ["g1", "g2"],
    });
    expect(restriction([], [])).toEqual({ users: [], groups: [] });
  });

  it.each([{}, { id: null }, { id: "a/b" }, { id: 5 }, "staff", null])(
    "a group without an id keeps the restriction closed: %j",
    (group) => {
      expect(restriction([], [group])).toEqual({ users: ["unknown"], groups: [] });
      expect(restriction([{ accountId: "ann" }], [{ id: "g1" }, group])).toEqual({
        users: ["ann", "unknown"],
        groups: ["g1"],
      });
    },
  );

  it.each([{}, { accountId: "" }, { accountId: "../x" }, "ann", null])(
    "a user without an id keeps the restriction closed: %j",
    (user) => {
      expect(restriction([user], [])).toEqual({ users: ["unknown"], groups: [] });
    },
  );
});

describe("the rights of a hit", () => {
  const list = (count: number, more: object = {}) => ({
    results: items(count).map((n) => ({ accountId: `p${n}`, id: `g${n}` })),
    ...more,
  });
  const hit = (more: object) => rightsFromV1(rightsHitSchema.parse({ id: 10, ...more }));
  const restricted = (user: object, group: object) =>
    hit({ restrictions: { read: { restrictions: { user, group } } } }).restriction;

  it("a hit that says nothing but its id has a place and a restriction that are not known", () => {
    expect(hit({})).toEqual({
      id: "10",
      type: "unknown",
      spaceKey: null,
      ancestors: null,
      restriction: null,
    });
  });

  it("a blog post has nothing above it, where it does not say so", () => {
    expect(hit({ type: "blogpost" }).ancestors).toEqual([]);
    expect(hit({ type: "page" }).ancestors).toBeNull();
    const above = [{ id: "1", type: "folder" }];
    expect(hit({ type: "page", ancestors: above, space: { key: "DEMO" } })).toMatchObject({
      type: "page",
      spaceKey: "DEMO",
      ancestors: above,
    });
    expect(hit({ type: "page", ancestors: [{ id: "1" }] }).ancestors).toEqual([{ id: "1", type: "unknown" }]);
  });

  it.each([
    ["both lists are empty", list(0), list(0), { users: [], groups: [] }],
    ["both have room left", list(1, { limit: 2 }), list(1, { limit: 2 }), { users: ["p0"], groups: ["g0"] }],
    [
      "their sizes are what they hold",
      list(1, { limit: 2, size: 1 }),
      list(0),
      { users: ["p0"], groups: [] },
    ],
    ["the users fill their page", list(2, { limit: 2 }), list(0), null],
    ["the groups fill their page", list(0), list(2, { limit: 2 }), null],
    ["the users do not say how much room there is", list(1), list(0), null],
    ["there are more users than are named", list(1, { limit: 9, size: 2 }), list(0), null],
    ["there are more users than none", list(0, { size: 1 }), list(0), null],
    ["there are more groups, by their link", list(0), list(1, { limit: 9, _links: { next: "/x" } }), null],
  ])("a restriction is known only if it is whole: %s", (_, user, group, expected) => {
    expect(restricted(user, group)).toEqual(expected);
  });
});

describe("who may read a space", () => {
  it("users, groups and classes are told apart in any spelling, each once", () => {
    const readers = readersOf([
      { type: "user", id: "bob" },
      { type: "USER", id: "ann" },
      { type: "user", id: "bob" },
      { type: "Group", id: "staff" },
      { type: "access_class", id: "ANONYMOUS_USERS" },
      { type: "ACCESS-CLASS", id: "all-licensed-users" },
      { type: "access-class", id: "anonymous-users" },
    ]);
    expect(readers).toEqual({
      users: ["ann", "bob"],
      groups: ["staff"],
      classes: ["all-licensed", "anonymous"],
      unknown: [],
    });
  });

  it.each([
    [{ type: "user", id: null }, "user without an id"],
    [{ type: "group", id: "" }, "group without an id"],
    [{ type: null, id: "ann" }, "principal ann"],
    [{ type: undefined, id: undefined }, "principal without an id"],
    [{ type: "access-class", id: "guests" }, "access-class guests"],
    [{ type: "user-group", id: "anonymous-users" }, "user-group anonymous-users"],
  ])("nobody is let in by %j", (principal, told) => {
    const nobody = { users: [], groups: [], classes: [] };
    expect(readersOf([principal])).toEqual({ ...nobody, unknown: [told] });
    expect(readersOf([principal, principal]).unknown).toEqual([told]);
  });

  it("a permission counts if it is to read the space", () => {
    const permission = (key?: string, targetType?: string) =>
      readerOf(
        permissionSchema.parse({ principal: { type: "user", id: "ann" }, operation: { key, targetType } }),
      );
    expect(permission("read", "space")).toEqual({ type: "user", id: "ann" });
    expect(permission("read", "page")).toBeNull();
    expect(permission("administer", "space")).toBeNull();
    expect(permission()).toBeNull();
    expect(readerOf(permissionSchema.parse({ principal: { type: "user", id: "ann" } }))).toBeNull();
    const nobodys = permissionSchema.parse({ operation: { key: "read", targetType: "space" } });
    expect(readerOf(nobodys)).toEqual({ type: undefined, id: undefined });
  });
});

it.each([
  ["5b10ac8d:1f2e-4c", true],
  ["a".repeat(128), true],
  ["a".repeat(129), false],
  ["", false],
  ["../x", false],
  ["ann?x=1", false],
  ["ann\n", false],
])("the id of a principal goes into addresses: %j may be one: %j", (id, expected) => {
  expect(isPrincipalId(id)).toBe(expected);
});
