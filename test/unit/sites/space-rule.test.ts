import { describe, expect, it } from "vitest";
import { fitsRule, spaceRule, type SpaceRule } from "#shared/sites/space-rule.ts";

const rule = (fields: Partial<SpaceRule> = {}) => spaceRule.parse(fields);
const space = (key: string, fields: { type?: string; status?: string } = {}) => ({
  key,
  type: "global",
  status: "current",
  ...fields,
});
const PERSONAL = space("~ann", { type: "personal" });
const ARCHIVED = space("OLD", { status: "archived" });
const BOTH = space("~bob", { type: "personal", status: "archived" });

describe("the rule that nobody gave", () => {
  it("includes every space but personal and archived ones", () => {
    expect([space("DOCS"), PERSONAL, ARCHIVED, BOTH].map((one) => fitsRule(rule(), one))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it.each<[Partial<SpaceRule>, boolean[]]>([
    [{ personal: true }, [true, false, false]],
    [{ archived: true }, [false, true, false]],
    [{ personal: true, archived: true }, [true, true, true]],
  ])("with %j includes of a personal, an archived, and a space that is both: %j", (fields, expected) => {
    expect([PERSONAL, ARCHIVED, BOTH].map((one) => fitsRule(rule(fields), one))).toEqual(expected);
  });

  it("includes spaces of a type that Confluence adds later", () => {
    expect(fitsRule(rule(), space("KB", { type: "knowledge_base" }))).toBe(true);
  });
});

it.each<[string[], string, boolean]>([
  [["DOCS"], "DOCS", true],
  [["docs"], "DOCS", true],
  [["DOCS"], "DOCS2", false],
  [["DOCS"], "MYDOCS", false],
  [["DOC*"], "DOCS", true],
  [["DOC*"], "DOC", true],
  [["*S"], "DOCS", true],
  [["*S"], "DOC", false],
  [["D*S"], "DOCS", true],
  [["D*S"], "DOCSX", false],
  [["AB*BA"], "ABA", false],
  [["AB*BA"], "ABBA", true],
  [["*A*B*"], "XAYBZ", true],
  [["*A*B*"], "XBYAZ", false],
  [["A*A*A"], "AA", false],
  [["A.C"], "ABC", false],
  [["**"], "DOCS", true],
  [[], "DOCS", false],
  [["HR", "D*"], "DOCS", true],
])("the keys and patterns %j include %s: %s", (include, key, expected) => {
  expect(fitsRule(rule({ include }), space(key))).toBe(expected);
});

it("a personal or archived space whose own key is included needs no flag, and one that only a pattern names does", () => {
  const fits = (include: string[]) =>
    [PERSONAL, ARCHIVED, BOTH].map((one) => fitsRule(rule({ include }), one));
  expect(fits(["~ANN", "OLD", "~bob"])).toEqual([true, true, true]);
  expect(fits(["~*", "OL*"])).toEqual([false, false, false]);
});

it.each<[string[], string]>([
  [["DOCS"], "DOCS"],
  [["doc*"], "DOCS"],
  [["~*"], "~ann"],
  [["*"], "DOCS"],
])("what %j excludes is out, also where its own key is included: %s", (exclude, key) => {
  const everything = { include: [key, "*"], exclude, personal: true, archived: true };
  expect(fitsRule(rule(everything), space(key))).toBe(false);
});

it("a pattern of thousands of stars is matched at once", () => {
  const include = [`${"*A".repeat(120)}*`];
  expect(fitsRule(rule({ include }), space("A".repeat(119)))).toBe(false);
  expect(fitsRule(rule({ include }), space("A".repeat(120)))).toBe(true);
});

it.each(["A B", "", "a/b", "x".repeat(256), "%", "(a|b)"])("%j is no key and no pattern", (pattern) => {
  expect(spaceRule.safeParse({ include: [pattern] }).success).toBe(false);
});
