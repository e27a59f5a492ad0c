import { expect, it, onTestFinished, vi } from "vitest";
import { meterExtraction } from "#functions/runtime/metered-extraction.ts";
import type { ExtractFile } from "#shared/extraction/extract-attachment.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { makeLog } from "#shared/log.ts";

const FILE: Parameters<ExtractFile>[0] = {
  bytes: Buffer.from("12345"),
  name: "plans.pdf",
  mediaType: "application/pdf",
  native: true,
};

/** What the caller gets of a file that takes 1.5 s to read, and the lines that were logged. */
async function extract(extracted: ExtractedFile) {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const lines: Record<string, unknown>[] = [];
  const log = makeLog(
    "info",
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    () => new Date(0),
  );
  const extractFile: ExtractFile = async () => {
    vi.advanceTimersByTime(1500);
    return extracted;
  };
  return { returned: await meterExtraction(extractFile, log)(FILE), lines };
}

it("the line of a file that was read says how much text came of how many bytes, and not which", async () => {
  const text: ExtractedFile = {
    result: "text",
    extractor: "reader 1",
    parts: [
      { place: { kind: "page", number: 1 }, markdown: "Zeppelin" },
      { place: { kind: "page", number: 2 }, markdown: "gear" },
    ],
    warnings: [],
  };
  const { returned, lines } = await extract(text);
  expect(returned).toBe(text);
  expect(lines).toMatchObject([
    {
      level: "INFO",
      event: "file.extracted",
      result: "text",
      extractor: "reader 1",
      file_bytes: 5,
      parts: 2,
      characters: 12,
      extraction_seconds: 1.5,
    },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/plans\.pdf|Zeppelin/);
});

it("the line of a file without text has none, and says why", async () => {
  const { returned, lines } = await extract({ result: "encrypted", extractor: "none", message: "No" });
  expect(returned).toMatchObject({ result: "encrypted" });
  expect(lines).toMatchObject([{ result: "encrypted", extractor: "none", parts: 0, characters: 0 }]);
});
