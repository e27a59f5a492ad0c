import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import { extractAttachment, type ExtractAttachmentDeps } from "#shared/extraction/extract-attachment.ts";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { pdfFile } from "#test/support/pdf-file.ts";

const PDF = pdfFile([{ lines: [{ text: "Downloaded text.", x: 72, y: 700 }] }]);

async function mediaHost(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file/1/binary?token=t`;
}

async function extract(url: string, deps: Partial<ExtractAttachmentDeps> = {}, maxBytes = 50 * 1024 ** 2) {
  const allowLoopback = deps.allowLoopback ?? true;
  return extractAttachment(
    { url, name: "report.pdf", media_type: "application/pdf", max_bytes: maxBytes },
    {
      fetch: guardedFetch({ allowLoopback }),
      mediaHosts: ["api.media.atlassian.com"],
      allowLoopback,
      extractFile,
      timeoutMs: 5000,
      ...deps,
    },
  );
}

it("a file is downloaded without credentials and extracted (case 25)", async () => {
  let headers: object = {};
  const url = await mediaHost((request, response) => {
    headers = request.headers;
    response.end(PDF);
  });
  expect(await extract(url)).toMatchObject({
    result: "text",
    parts: [{ place: { kind: "page", number: 1 }, markdown: "Downloaded text." }],
  });
  expect(headers).not.toHaveProperty("authorization");
  expect(headers).not.toHaveProperty("cookie");
});

it.each([
  ["http", "http://api.media.atlassian.com/file/1", "must use https, not http:"],
  ["another host", "https://media.example.com/file/1", "media.example.com is not among MEDIA_HOSTS"],
  [
    "a host that ends like the right one",
    "https://evil-api.media.atlassian.com/file/1",
    "not among MEDIA_HOSTS",
  ],
  ["a private address", "https://10.0.0.1/file/1", "10.0.0.1 is not among MEDIA_HOSTS"],
  ["this machine", "https://127.0.0.1/file/1", "127.0.0.1 is not among MEDIA_HOSTS"],
  ["credentials in the address", "https://a:b@api.media.atlassian.com/file/1", "contains credentials"],
  ["no address", "file/1", "not an absolute URL"],
])("%s is refused before any connection (case 25)", async (_, url, message) => {
  const fetch = () => Promise.reject(new Error("connected"));
  await expect(extract(url, { allowLoopback: false, fetch })).rejects.toMatchObject({
    name: "PermanentError",
    code: "address_refused",
    message: expect.stringContaining(message) as string,
  });
});

it("an allowed host with a private address is refused (case 25)", async () => {
  const deps = { allowLoopback: false, mediaHosts: ["localhost"] };
  await expect(extract("https://localhost:1/file", deps)).rejects.toMatchObject({ code: "address_refused" });
});

it("a redirect is not followed (case 25)", async () => {
  const asked: string[] = [];
  const url = await mediaHost((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await expect(extract(url)).rejects.toMatchObject({ name: "PermanentError", code: "address_refused" });
  expect(asked).toHaveLength(1);
});

it("a file whose header says that it is too large is not read (case 28)", async () => {
  let closed = Promise.resolve<unknown>(null);
  const url = await mediaHost((_, response) => {
    closed = once(response, "close");
    response.writeHead(200, { "content-length": 2000 }).write("x");
  });
  expect(await extract(url, {}, 1000)).toMatchObject({ result: "too_large" });
  await closed;
});

it("a body without an end is cut off at the limit, though its header lies (case 28)", async () => {
  let closed = Promise.resolve<unknown>(null);
  const url = await mediaHost((_, response) => {
    closed = once(response, "close");
    const more = () => response.write(Buffer.alloc(10_000)) && setImmediate(more);
    response.on("drain", more);
    more();
  });
  expect(await extract(url, {}, 100_000)).toMatchObject({ result: "too_large" });
  await closed;
});

it.each([
  [404, "PermanentError", "file_not_found"],
  [400, "PermanentError", "file_not_found"],
  [403, "TransientError", "signed_url_expired"],
  [503, "TransientError", "download_failed"],
])("a status %i of the media host is a %s", async (status, name, code) => {
  const url = await mediaHost((_, response) => response.writeHead(status).end());
  await expect(extract(url)).rejects.toMatchObject({ name, code });
});

it("a failed download does not tell the signed address", async () => {
  const url = await mediaHost((request) => request.socket.destroy());
  await expect(extract(url)).rejects.toMatchObject({
    code: "download_failed",
    message: "The file could not be downloaded from the media host",
  });
});
