import { expect, it } from "vitest";
import { absoluteUrl } from "#shared/syncs/pages/resolve-references.ts";

const SITE = "https://demo.atlassian.net";
const ADDRESSES = { webBase: `${SITE}/wiki`, apiBase: "https://api.atlassian.com/ex/confluence/abc-1" };
const PAGE = `${SITE}/wiki/spaces/DEMO/pages/1/Title`;

it.each([
  ["https://e.example/a b", "https://e.example/a b"],
  ["mailto:a@e.example", "mailto:a@e.example"],
  ["//cdn.example/x.png", "https://cdn.example/x.png"],
  ["/wiki/spaces/A", `${SITE}/wiki/spaces/A`],
  ["/display/A/B", `${SITE}/wiki/display/A/B`],
  ["/wiki", `${SITE}/wiki`],
  ["/wikis/a", `${SITE}/wiki/wikis/a`],
  [`${ADDRESSES.apiBase}/wiki/spaces/A`, `${SITE}/wiki/spaces/A`],
  [
    "https://api.atlassian.com/ex/confluence/other/wiki/x",
    "https://api.atlassian.com/ex/confluence/other/wiki/x",
  ],
  ["#below", `${PAGE}#below`],
  ["viewpage.action?pageId=7", `${SITE}/wiki/spaces/DEMO/pages/1/viewpage.action?pageId=7`],
  ["../2/Other", `${SITE}/wiki/spaces/DEMO/pages/2/Other`],
])("a link to %s leads to %s", (href, expected) => {
  expect(absoluteUrl(href, ADDRESSES, PAGE)).toBe(expected);
});

it("text that is not a URL, or is on a page without one, stays unchanged", () => {
  expect(absoluteUrl("http://[", ADDRESSES, PAGE)).toBe("http://[");
  expect(absoluteUrl("x/y", ADDRESSES, "")).toBe("x/y");
});
