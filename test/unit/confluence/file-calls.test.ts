import { describe, expect, it } from "vitest";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { purgeFile, trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";

/** A client whose network gives these answers. */
function answered(...answers: (Answer | Error)[]) {
  const network = answeredRequests(...answers);
  return { ...network, client: clientOf(makeTestSite().site, { fetch: network.fetch }) };
}

const FILE = { containerId: "10", id: "att11", version: 3 };
const SIGNED = "https://media.example/file?token=t";

describe("a file by its id", () => {
  it("a file by its id tells its status and the page or blog post that it is on", async () => {
    const { site } = makeTestSite();
    const client = clientOf(site);
    for (const kind of ["page", "blogpost"] as const) {
      const containerId = addPage(site, { space: "DEMO", title: kind, body: "<p/>", kind }).id;
      const { id } = uploadFile(site, {
        containerId,
        title: "a.txt",
        mediaType: "text/plain",
        bytes: Buffer.from("a"),
      });
      expect(await client.attachment(id)).toEqual({ status: "current", containerId });
      trashFile(site, id);
      expect(await client.attachment(id)).toEqual({ status: "trashed", containerId });
      purgeFile(site, id);
      expect(await client.attachment(id)).toBeNull();
    }
  });

  it("a file by its id may be on what the response does not name", async () => {
    const { client } = answered({ body: { id: "att11", status: "current" } });
    expect(await client.attachment("att11")).toEqual({ status: "current", containerId: null });
  });

  it.each([
    [403, "forbidden"],
    [500, "confluence_failed"],
  ])("a file by its id is not gone because of a %i", async (status, code) => {
    await expect(answered({ status }).client.attachment("att11")).rejects.toMatchObject({ code });
  });
});

describe("the address of a file", () => {
  it("the address of a file is asked for by its version, and where it redirects to is not followed", async () => {
    const { client, sent, read } = answered({ status: 302, headers: { location: SIGNED } });
    expect(await client.attachmentAddress(FILE)).toBe(SIGNED);
    expect(sent.map(({ url, method }) => [method, url])).toEqual([
      [
        "GET",
        "https://demo.atlassian.net/wiki/rest/api/content/10/child/attachment/att11/download?version=3",
      ],
    ]);
    // To its end, so that the connection can be used again.
    expect(read()).toBe(1);
  });

  it("the address of a file has ids that are no part of another path", async () => {
    const { client, sent } = answered({ status: 302, headers: { location: SIGNED } });
    await client.attachmentAddress({ containerId: "../x", id: "a/b?c", version: 1 });
    expect(new URL(sent[0]?.url ?? "").pathname).toBe(
      "/wiki/rest/api/content/..%2Fx/child/attachment/a%2Fb%3Fc/download",
    );
  });

  it.each([300, 301, 307, 399])(
    "the address of a file is where a %i leads to, on the same host too",
    async (status) => {
      const { client } = answered({ status, headers: { location: "/wiki/download/a.txt" } });
      expect(await client.attachmentAddress(FILE)).toBe("https://demo.atlassian.net/wiki/download/a.txt");
    },
  );

  it.each([
    ["leads nowhere", { status: 302 }],
    ["leads to what is no address", { status: 302, headers: { location: "https://" } }],
    ["is no redirect", { status: 200, body: {} }],
    ["is no redirect, whatever Location it names", { status: 200, body: {}, headers: { location: SIGNED } }],
    [
      "is a web page, whatever Location it names",
      { status: 200, body: "<!doctype html>", headers: { location: SIGNED } },
    ],
  ])("the address of a file is an error where the response %s", async (_, answer) => {
    const { client, sent } = answered(answer);
    await expect(client.attachmentAddress(FILE)).rejects.toMatchObject({
      name: "PermanentError",
      code: "invalid_answer",
    });
    expect(sent).toHaveLength(1);
  });

  it.each([
    [400, "request_refused"],
    [404, "not_found"],
    [429, "rate_limited"],
  ])(
    "the address of a file is an error where the status is %i, whatever it leads to",
    async (status, code) => {
      const { client } = answered({ status, headers: { location: SIGNED } });
      await expect(client.attachmentAddress(FILE)).rejects.toMatchObject({ code });
    },
  );

  it("the address of a file is asked for twice more if Confluence fails", async () => {
    const { client, sent } = answered({ status: 500 }, new TypeError("fetch failed"), {
      status: 302,
      headers: { location: SIGNED },
    });
    expect(await client.attachmentAddress(FILE)).toBe(SIGNED);
    expect(sent).toHaveLength(3);
    const failing = answered({ status: 502 });
    await expect(failing.client.attachmentAddress(FILE)).rejects.toMatchObject({ code: "confluence_failed" });
    expect(failing.sent).toHaveLength(3);
  });
});
