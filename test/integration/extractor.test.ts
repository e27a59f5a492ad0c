import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { extractor } from "#functions/runtime/providers/extractor.ts";
import { parseEnv } from "#shared/env.ts";
import { fromExtractionResponse } from "#shared/extraction/extraction-response.ts";
import { makeLog } from "#shared/log.ts";
import { logMetrics, type LogMetric } from "#shared/log-metrics.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { pdfFile } from "#test/support/pdf-file.ts";

const SIGNED = "/file/7/binary?token=signed-until-noon";
const PDF = pdfFile([{ lines: [{ text: "Only the child read this.", x: 72, y: 700 }] }]);
const READ = { result: "text", parts: [{ markdown: "Only the child read this." }] };
const silent = makeLog(
  "silent",
  () => {},
  () => new Date(),
);

/** A media host of this machine, and a local runner, whose log is `lines`. */
async function start(listener: RequestListener) {
  const host = createServer(listener).listen(0, "127.0.0.1");
  await once(host, "listening");
  const lines: string[] = [];
  const runner = await startTestRunner({
    env: { LOG_LEVEL: "debug" },
    schedules: false,
    writeLog: (line) => lines.push(line),
  });
  onTestFinished(async () => {
    await runner.close();
    host.closeAllConnections();
    host.close();
  });
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}${SIGNED}`;
  const file = { url, name: "plans.pdf", media_type: "application/pdf", max_bytes: 1_000_000 };
  return { runner, lines, file, log: () => lines.join("\n") };
}

it("the local function that extracts responds as on AWS, and its log has neither the signed address nor the text", async () => {
  const { runner, lines, file, log } = await start((_, response) => response.end(PDF));
  expect(fromExtractionResponse(await runner.invoke("extract-attachment", file))).toMatchObject(READ);
  const extracted = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === "file.extracted");
  expect(extracted).toEqual([expect.objectContaining({ result: "text", file_bytes: PDF.length })]);
  // The fields that metrics read.
  const read = logMetrics["file.extracted"].flatMap((metric: LogMetric) => metric.field ?? []);
  expect(read).toEqual(["extraction_seconds", "file_bytes"]);
  for (const field of read) expect(extracted[0]?.[field], field).toBeGreaterThan(0);
  expect(log()).not.toMatch(/signed-until-noon|plans\.pdf|Only the child/);
});

it.each([
  [404, "permanent_error", "file_not_found"],
  [403, "transient_error", "signed_url_expired"],
  [500, "transient_error", "download_failed"],
])(
  "a status %i of the media host is the response %s %s of the function that extracts, and no error of it",
  async (status, outcome, code) => {
    const { runner, file, log } = await start((_, response) => response.writeHead(status).end());
    const response = await runner.invoke("extract-attachment", file);
    expect(response).toMatchObject({ outcome, code });
    expect(() => fromExtractionResponse(response)).toThrow(expect.objectContaining({ code }) as Error);
    expect(log()).toContain(`"event":"file.not_downloaded","service":"confluence-sync","code":"${code}"`);
    expect(log()).not.toMatch(/signed-until-noon|invocation\.failed/);
  },
);

it("the function that extracts is invoked over HTTP where its runner listens", async () => {
  const { runner, file } = await start((_, response) => response.end(PDF));
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_ENDPOINT_URL_LAMBDA", runner.url);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const invoked = await extractor.build(parseEnv({ EXTRACT_FUNCTION: "extract-attachment" }), silent);
  expect(await invoked(file)).toMatchObject(READ);
  const elsewhere = invoked({ ...file, url: "https://media.example.com/file/7" });
  await expect(elsewhere).rejects.toMatchObject({ name: "PermanentError", code: "address_refused" });
});
