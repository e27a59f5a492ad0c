import { expect, it } from "vitest";
import { pageReference } from "#functions/api/mcp/page-reference.ts";
import { tinyPath } from "#infra/local/confluence-site/responses.ts";

const SITE = "https://example.atlassian.net/wiki";

it.each([
  ["123456", { pageId: "123456", sourceId: null }],
  [" att98765 ", { pageId: "att98765" }],
  ["comments-123456", { pageId: "comments-123456" }],
  ["src_abc~123456", { pageId: "123456", sourceId: "src_abc" }],
])("the id %j is a document of any site", (text, expected) => {
  expect(pageReference(text)).toMatchObject({ host: null, file: null, commentId: null, ...expected });
});

it.each([
  "/spaces/ENG/pages/123456/How+we+deploy",
  "/spaces/ENG/pages/123456",
  "/spaces/ENG/pages/edit-v2/123456?draftShareId=1",
  "/spaces/~712020abc/pages/123456/Notes",
  "/spaces/ENG/blog/2026/03/01/123456/News",
  "/pages/viewpage.action?pageId=123456",
  "/pages/viewpageattachments.action?pageId=123456",
  "/pages/123456",
  "/spaces/ENG/pages/123456/Title?atlOrigin=abc#Steps",
])("%s is page 123456 of its site", (path) => {
  expect(pageReference(SITE + path)).toMatchObject({
    host: "example.atlassian.net",
    pageId: "123456",
    file: null,
    commentId: null,
  });
});

it.each([
  ["/x/CgCxB", "78708746"],
  ["/x/DADVAw", "64290828"],
  ["/x/VwAD", "196695"],
])("the short link %s is page %s", (path, pageId) => {
  expect(pageReference(SITE + path)).toMatchObject({ pageId });
});

it("short links as the site prints them lead back to their pages", () => {
  for (const id of [
    "1",
    "255",
    "64290828",
    "4294967295",
    "4294967296",
    "1099511627776",
    "9007199254740993",
  ]) {
    expect(pageReference(SITE + tinyPath(id))).toMatchObject({ pageId: id });
  }
});

it.each([
  ["/display/ENG/How+we+deploy", { title: "How we deploy", spaceKey: "ENG" }],
  ["/pages/viewpage.action?spaceKey=ENG&title=100%25+done", { title: "100% done", spaceKey: "ENG" }],
])("%s is a page by its space and title", (path, title) => {
  expect(pageReference(SITE + path)).toMatchObject({ pageId: null, title });
});

it.each([
  "/spaces/ENG/pages/123456/T?focusedCommentId=777",
  "/spaces/ENG/pages/123456/T?focusedCommentId=777#comment-777",
  "/spaces/ENG/pages/123456/T#comment-777",
])("%s is comment 777 of the page", (path) => {
  expect(pageReference(SITE + path)).toMatchObject({ pageId: "123456", commentId: "777" });
});

it.each([
  ["/spaces/ENG/pages/123456/T?preview=%2F123456%2F98765%2Fplan.pdf", { id: "att98765" }],
  ["/spaces/ENG/pages/123456/T?preview=/123456/att98765/plan.pdf", { id: "att98765" }],
  ["/spaces/ENG/pages/123456?preview=%2F123456%2F98765", { id: "att98765" }],
  ["/download/attachments/123456/plan.pdf?version=2&attachmentId=98765", { id: "att98765" }],
  ["/download/attachments/123456/the%20plan+2.pdf?version=2", { name: "the plan 2.pdf" }],
  ["/download/thumbnails/123456/plan.png", { name: "plan.png" }],
])("%s is a file on the page", (path, file) => {
  expect(pageReference(SITE + path)).toMatchObject({ pageId: "123456", file });
});

it.each([
  "How we deploy",
  "",
  "12a",
  "https://example.atlassian.net/wiki/spaces/ENG/overview",
  "https://example.atlassian.net/jira/browse/ENG-1",
  "javascript:alert(1)//pages/123456",
  "file:///pages/123456",
  "https://example.atlassian.net/wiki/display/ENG/How%00we",
  "https://example.atlassian.net/wiki/download/attachments/123456/plan%00.pdf",
  "12345678901234567890",
])("%j names no document", (text) => {
  expect(pageReference(text)).toBeNull();
});
