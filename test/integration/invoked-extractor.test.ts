import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { extractor } from "#functions/runtime/providers/extractor.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { parseEnv } from "#shared/env.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { toExtractionResponse } from "#shared/extraction/extraction-response.ts";
import { makeLog } from "#shared/log.ts";

const FUNCTION = "confluence-sync-dev-extract-attachment";
const FILE = {
  url: "https://api.media.atlassian.com/file/7/binary?token=t",
  name: "a.pdf",
  media_type: "application/pdf",
  max_bytes: 1000,
};
const TEXT: ExtractedFile = {
  result: "text",
  extractor: "other 1",
  parts: [{ place: { kind: "sheet", name: "Übersicht" }, markdown: "| € |" }],
  warnings: ["Rows after 2000 were left out"],
};
const log = makeLog(
  "silent",
  () => {},
  () => new Date(),
);

type Respond = (response: ServerResponse) => unknown;
type Received = { method: string; path: string; headers: IncomingHttpHeaders; body: unknown };

beforeEach(() => {
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterAll(() => vi.unstubAllEnvs());

/** Lambda's Invoke, which responds to one invocation after the other as it is told, to the last for good. */
async function startLambda(...responds: readonly Respond[]): Promise<Received[]> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = "", url: path = "", headers } = request;
      received.push({ method, path, headers, body: JSON.parse(body) as unknown });
      response.setHeader("content-type", "application/json");
      responds[Math.min(received.length, responds.length) - 1]?.(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv("AWS_ENDPOINT_URL_LAMBDA", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return received;
}

const extract = async () => (await extractor.build(parseEnv({ EXTRACT_FUNCTION: FUNCTION }), log))(FILE);

const returns =
  (payload: unknown): Respond =>
  (response) =>
    response.end(JSON.stringify(payload));

/** As Lambda reports a function that failed: by a header, with status 200. */
const fails =
  (payload: object): Respond =>
  (response) =>
    response.setHeader("x-amz-function-error", "Unhandled").end(JSON.stringify(payload));

const refuses =
  (status: number, type: string): Respond =>
  (response) => {
    response.setHeader("x-amzn-errortype", `${type}:http://internal.amazon.com/coral/com.amazonaws/`);
    response.writeHead(status).end(JSON.stringify({ message: "Rate Exceeded.", Reason: "Limit" }));
  };

it("a file's text comes from the function of the variables, invoked with the function's own signature", async () => {
  const received = await startLambda(returns(await toExtractionResponse(Promise.resolve(TEXT))));
  expect(await extract()).toEqual(TEXT);
  expect(received).toMatchObject([
    { method: "POST", path: `/2015-03-31/functions/${FUNCTION}/invocations`, body: FILE },
  ]);
  expect(received[0]?.headers["content-type"]).toBe("application/json");
  expect(received[0]?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=test\/\d{8}\/us-east-1\/lambda\/aws4_request, /,
  );
});

it.each([
  new PermanentError("address_refused", "media.example.com is not among MEDIA_HOSTS"),
  new PermanentError("file_not_found", "The media host does not have the file (404)"),
  new TransientError("signed_url_expired", "The media host refuses the signed address (403)"),
  new TransientError("download_failed", "The media host returns 503"),
])("an error that the extracting function returns is the same $name to its caller: $code", async (error) => {
  const received = await startLambda(returns(await toExtractionResponse(Promise.reject(error))));
  await expect(extract()).rejects.toMatchObject({
    name: error.name,
    code: error.code,
    message: error.message,
  });
  expect(received).toHaveLength(1);
});

it.each([
  {
    errorType: "Runtime.ExitError",
    errorMessage: "RequestId: 1 Error: Runtime exited with error: signal: segmentation fault",
  },
  {
    errorType: "Runtime.OutOfMemory",
    errorMessage: "RequestId: 1 Error: Runtime exited with error: signal: killed",
  },
])(
  "a file that ends its reader is read once more without native libraries, and is then unreadable: $errorType",
  async (crash) => {
    const received = await startLambda(fails(crash));
    expect(await extract()).toEqual({
      result: "extraction_failed",
      extractor: "none",
      message: "The process that read the file crashed",
    });
    expect(received.map(({ body }) => body)).toEqual([FILE, { ...FILE, native: false }]);
  },
);

it("a file that crashes only the native library is read without it", async () => {
  const read = returns(await toExtractionResponse(Promise.resolve(TEXT)));
  await startLambda(fails({ errorType: "Runtime.ExitError", errorMessage: "Runtime exited" }), read);
  expect(await extract()).toEqual(TEXT);
});

it.each([
  [
    { errorType: "Sandbox.Timedout", errorMessage: "RequestId: 1 Error: Task timed out after 90.00 seconds" },
    "longer to read",
  ],
  [{ errorMessage: "2026-11-27T09:00:00.000Z 1 Task timed out after 90.00 seconds" }, "longer to read"],
  [
    { errorType: "Function.ResponseSizeTooLarge", errorMessage: "Response payload size exceeded" },
    "larger than a response",
  ],
])(
  "a file that ends at a limit of the function is unreadable, and not read again: %j",
  async (payload, message) => {
    const received = await startLambda(fails(payload));
    expect(await extract()).toMatchObject({
      result: "extraction_failed",
      message: expect.stringContaining(message) as string,
    });
    expect(received).toHaveLength(1);
  },
);

it.each<[string, Respond, string, string]>([
  [
    "a concurrency that is used up",
    refuses(429, "TooManyRequestsException"),
    "extractor_busy",
    "TooManyRequestsException",
  ],
  [
    "a missing permission",
    refuses(403, "AccessDeniedException"),
    "extractor_failed",
    "AccessDeniedException",
  ],
  ["a fault of Lambda", (response) => response.writeHead(500).end("{}"), "extractor_failed", "status 500"],
  ["a lost connection", (response) => response.destroy(), "extractor_failed", "did not respond"],
  [
    "a bundle that cannot be loaded",
    fails({ errorType: "Runtime.ImportModuleError", errorMessage: "Cannot find module" }),
    "extractor_failed",
    "Runtime.ImportModuleError",
  ],
  [
    "an error that has no type",
    fails({ errorMessage: "RequestId: 1 Process exited before completing request" }),
    "extractor_failed",
    "Unhandled",
  ],
  ["an error that says nothing", fails({}), "extractor_failed", "Unhandled"],
  [
    "an event that the function refuses",
    fails({ errorType: "ZodError", errorMessage: "[]" }),
    "extractor_failed",
    "ZodError",
  ],
])("%s is no fault of the file, which is tried again later", async (_, respond, code, message) => {
  await startLambda(respond);
  await expect(extract()).rejects.toMatchObject({
    name: "TransientError",
    code,
    message: expect.stringContaining(message) as string,
  });
});

it.each([
  ["nothing", null],
  ["no outcome", { statusCode: 200 }],
  ["no archive", { outcome: "extracted", encoding: "gzip+base64", body: "AAAA" }],
  ["another file", packed({ result: "text", extractor: 1 })],
  [
    "a text beyond all limits",
    packed({
      result: "text",
      extractor: "x",
      parts: [{ place: null, markdown: "x".repeat(30_000_000) }],
      warnings: [],
    }),
  ],
])("a function that a file made return %s fails that file only", async (_, payload) => {
  await startLambda(returns(payload));
  expect(await extract()).toMatchObject({
    result: "extraction_failed",
    message: expect.stringContaining("returned no result") as string,
  });
});

function packed(json: unknown) {
  return {
    outcome: "extracted",
    encoding: "gzip+base64",
    body: gzipSync(JSON.stringify(json)).toString("base64"),
  };
}

it("no file can be extracted without the name of a function", () => {
  expect(() => extractor.build(parseEnv({}), log)).toThrow(/EXTRACT_FUNCTION/);
});
