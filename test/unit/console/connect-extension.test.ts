import { describe, expect, it } from "vitest";
import { defaults as defaultsSchema } from "#functions/api/contract/site-fields.ts";
import { updateSite } from "#functions/api/contract/sites.ts";
import { appliedDefaults, excludedNames, extendedRule } from "#infra/console/screens/connect-extension.ts";
import { fitsRule } from "#shared/sites/space-rule.ts";

const RULE = { include: ["DOCS", "TEAM*"], exclude: ["HR", "SECRET*"], personal: false, archived: false };
const CHOSEN = {
  access: "unrestricted",
  deletion_strategy: "weekly_reconciliation",
  sync_interval_minutes: 1440,
  content: { blogposts: true, comments: "open", attachments: true },
} as const;
const space = (key: string) => ({ key, type: "global", status: "current" });

describe("the rule of a site that is extended", () => {
  it("keeps what the site excludes, and what the person does", () => {
    const rule = extendedRule(RULE, { include: ["*"], exclude: ["LEGAL", "hr"] }, []);
    expect(rule).toEqual({ ...RULE, include: ["DOCS", "TEAM*", "*"], exclude: ["HR", "SECRET*", "LEGAL"] });
    expect(["OPS", "HR", "LEGAL", "SECRET1"].map((key) => fitsRule(rule, space(key)))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(updateSite.body?.safeParse({ spaces: rule }).success).toBe(true);
  });

  it("of a site without a rule is what the person named, and nothing more", () => {
    expect(extendedRule(null, { include: ["OPS"], exclude: [] }, [])).toEqual({
      include: ["OPS"],
      exclude: [],
      personal: false,
      archived: false,
    });
  });

  it("takes a key out of the exclusions only when a person says so", () => {
    const wanted = { include: ["HR", "SECRET1"], exclude: [] };
    const rule = extendedRule(RULE, wanted, []);
    expect(excludedNames(rule, wanted.include)).toEqual([
      { key: "HR", by: "HR" },
      { key: "SECRET1", by: "SECRET*" },
    ]);
    const back = extendedRule(RULE, wanted, ["hr"]);
    expect(back.exclude).toEqual(["SECRET*"]);
    expect(excludedNames(back, wanted.include)).toEqual([{ key: "SECRET1", by: "SECRET*" }]);
  });

  it("says of each named key what the service would: patterns are none", () => {
    const exclude = ["A*B", "*x*y*", "Hr", "~*", "a*bc*bcd"];
    const keys = ["AB", "aXb", "AC", "1x2y3", "1y2x3", "hr", "hrx", "~ann", "abcbcd", "abcd", "a*"];
    const rule = { ...RULE, exclude };
    const expected = keys.filter(
      (key) => key !== "a*" && !fitsRule({ ...rule, include: ["*", ...keys] }, space(key)),
    );
    expect(excludedNames(rule, keys).map(({ key }) => key)).toEqual(expected);
  });
});

describe("the settings of sources that are added to a site", () => {
  const differing = (defaults: Record<string, unknown>) =>
    appliedDefaults(defaultsSchema.parse({ ...CHOSEN, ...defaults }), CHOSEN)
      .filter(({ chosen }) => chosen !== null)
      .map(({ term }) => term);

  it("are the site's, and say where the form says something else", () => {
    expect(differing({})).toEqual([]);
    expect(differing({ access: "everything" })).toEqual(["Search shows"]);
    expect(differing({ access: "per_user", verify: "live", unreadable_containers: "trust" })).toEqual([
      "Search shows",
      "Below folders whose restrictions Confluence does not tell",
      "Each hit is checked",
    ]);
    expect(differing({ sync_interval_minutes: null, deletion_strategy: "on_demand" })).toEqual([
      "Pages deleted in Confluence are looked for",
      "Minutes between two syncs",
    ]);
    expect(differing({ content: { blogposts: false, comments: "none", attachments: false } })).toEqual([
      "Blog posts",
      "Files",
      "Comments",
    ]);
  });
});
