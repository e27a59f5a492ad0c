import { describe, expect, it } from "vitest";
import { commentFromV1, commentWithBody, fileFromV1, folderFromV1 } from "#shared/confluence/page-mapping.ts";
import { anyContentSchema, commentSchema, folderHitSchema } from "#shared/confluence/schemas.ts";

const WEB = "https://demo.atlassian.net/wiki";
const WHEN = "2026-03-04T10:15:30.000Z";
const AT = new Date(WHEN);

/** What every v1 hit has. */
const hit = (more: Record<string, unknown> = {}) => ({
  id: "10",
  type: "comment",
  title: "Plan",
  status: "current",
  version: { number: 3, when: WHEN },
  ...more,
});

describe("a folder that a search finds", () => {
  const folder = (ancestors: object[]) =>
    folderFromV1(folderHitSchema.parse({ id: "10", type: "whiteboard", title: "Board", ancestors }));

  it("a folder that a search finds is below its last ancestor, which is a page unless it says otherwise", () => {
    expect(folder([])).toEqual({
      id: "10",
      kind: "whiteboard",
      title: "Board",
      parentId: null,
      parentType: null,
    });
    expect(folder([{ id: "3" }, { id: "1", type: "folder" }, { id: "2" }])).toMatchObject({
      parentId: "2",
      parentType: "page",
    });
    expect(folder([{ id: "2" }, { id: "1", type: "folder" }])).toMatchObject({
      parentId: "1",
      parentType: "folder",
    });
  });
});

describe("a comment that a search finds", () => {
  const comment = (more: Record<string, unknown> = {}) =>
    commentFromV1(anyContentSchema.parse(hit({ type: "comment", ...more })));

  it("a comment that a search finds that says only what it must has no place and no thread", () => {
    expect(comment()).toEqual({
      id: "10",
      version: 3,
      spaceKey: null,
      containerId: null,
      parentId: null,
      resolution: null,
    });
  });

  it("a comment that a search finds replies to the last comment above it, and is on the page", () => {
    const ancestors = [
      { id: "1", type: "comment" },
      { id: "2", type: "comment" },
      { id: "3", type: "page" },
    ];
    const reply = comment({ ancestors, container: { id: "5", type: "page" }, space: { key: "DEMO" } });
    expect(reply).toMatchObject({ containerId: "5", parentId: "2", spaceKey: "DEMO" });
  });

  it("a comment that a search finds whose container is a comment replies to that, and its page is not known", () => {
    const container = { id: "6", type: "comment" };
    expect(comment({ container })).toMatchObject({ containerId: null, parentId: "6" });
    const ancestors = [{ id: "1", type: "comment" }];
    expect(comment({ container, ancestors })).toMatchObject({ containerId: null, parentId: "1" });
  });

  it("a comment that a search finds may be on a file", () => {
    const container = { id: "att6", type: "attachment" };
    expect(comment({ container })).toMatchObject({ containerId: "att6", parentId: null });
  });

  it("a comment that a search finds is of a thread that is open or resolved, if it says so", () => {
    expect(comment({ extensions: { resolution: { status: "resolved" } } }).resolution).toBe("resolved");
    expect(comment({ extensions: { resolution: {} } }).resolution).toBeNull();
    expect(comment({ extensions: {} }).resolution).toBeNull();
  });
});

describe("a comment with its body", () => {
  const comment = (more: Record<string, unknown> = {}) =>
    commentWithBody(
      commentSchema.parse(hit({ type: "comment", body: { storage: { value: "<p>No</p>" } }, ...more })),
      WEB,
    );

  it("a comment with its body that says only what it must is at the foot of the page, by nobody", () => {
    expect(comment()).toEqual({
      id: "10",
      version: 3,
      spaceKey: null,
      containerId: null,
      parentId: null,
      resolution: null,
      location: "footer",
      selection: null,
      authorId: null,
      authorName: null,
      createdAt: AT,
      modifiedAt: AT,
      url: `${WEB}/pages/viewpage.action?pageId=10`,
      body: "<p>No</p>",
    });
    expect(comment({ extensions: {}, history: {} })).toMatchObject({ authorId: null, createdAt: AT });
    expect(comment({ history: { createdBy: {} } })).toMatchObject({ authorId: null, authorName: null });
  });

  it("a comment with its body has the text that it is about, its author and when it was made", () => {
    const inline = comment({
      extensions: { location: "inline", inlineProperties: { originalSelection: "the plan" } },
      history: { createdBy: { accountId: "ann", displayName: "Ann" }, createdDate: "2026-01-01T00:00:00Z" },
      _links: { webui: "/spaces/DEMO/pages/5?focusedCommentId=10" },
    });
    expect(inline).toMatchObject({
      location: "inline",
      selection: "the plan",
      authorId: "ann",
      authorName: "Ann",
      createdAt: new Date("2026-01-01T00:00:00Z"),
      modifiedAt: AT,
      url: `${WEB}/spaces/DEMO/pages/5?focusedCommentId=10`,
    });
    expect(comment({ extensions: { location: "inline" } })).toMatchObject({
      location: "inline",
      selection: null,
    });
    expect(comment({ extensions: { location: "elsewhere" } }).location).toBe("footer");
  });
});

describe("a file that a search finds", () => {
  const file = (more: Record<string, unknown> = {}) =>
    fileFromV1(anyContentSchema.parse(hit({ id: "att10", type: "attachment", ...more })), WEB);

  it("a file that a search finds that says only what it must is on a page that is not known", () => {
    expect(file()).toEqual({
      id: "att10",
      title: "Plan",
      version: 3,
      spaceKey: null,
      containerId: null,
      mediaType: null,
      bytes: null,
      fileId: null,
      url: `${WEB}/pages/viewpage.action?pageId=att10`,
      modifiedAt: AT,
    });
    expect(file({ extensions: {} })).toMatchObject({ mediaType: null, bytes: null, fileId: null });
  });

  it("a file that a search finds has its page, type, size and id", () => {
    const extensions = { mediaType: "text/plain", fileSize: 0, fileId: "f-1" };
    expect(file({ extensions, container: { id: "5" }, space: { key: "DEMO" } })).toMatchObject({
      spaceKey: "DEMO",
      containerId: "5",
      mediaType: "text/plain",
      bytes: 0,
      fileId: "f-1",
      url: `${WEB}/pages/viewpage.action?pageId=5`,
    });
  });
});
