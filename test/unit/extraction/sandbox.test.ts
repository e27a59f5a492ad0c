import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { EXTRACTION_LIMITS, extractionRunner } from "#infra/local/runner/extraction/run-extraction.ts";
import { bombPdf, nestedFormsPdf, pdfFile } from "#test/support/pdf-file.ts";

const MEGABYTE = 1024 ** 2;
const pdf = (bytes: Buffer) => ({ name: "a.pdf", mediaType: "application/pdf", bytes });
const GOOD = pdf(pdfFile([{ lines: [{ text: "The next file works.", x: 72, y: 700 }] }]));
const GOOD_TEXT = { result: "text", parts: [{ markdown: "The next file works." }] };

it("10^7 forms within one another end at a limit, and the next file works (case 30)", async () => {
  const run = extractionRunner({ ...EXTRACTION_LIMITS, bytes: 300 * MEGABYTE });
  const [hostile, next] = await Promise.all([run(pdf(nestedFormsPdf(8))), run(GOOD)]);
  expect(hostile.file).toMatchObject({
    result: "extraction_failed",
    message: "The file needs more than 300 MB of memory to read",
  });
  // How far beyond depends on how busy the machine is: `evaluate -- attachments` prints the peaks.
  expect(next.file).toMatchObject(GOOD_TEXT);
});

it("a stream that inflates to 600 MB ends at the memory limit, and the next file works (case 30)", async () => {
  const run = extractionRunner({ ...EXTRACTION_LIMITS, bytes: 400 * MEGABYTE });
  const [hostile, next] = await Promise.all([run(pdf(bombPdf(600))), run(GOOD)]);
  expect(hostile.file).toMatchObject({
    result: "extraction_failed",
    message: "The file needs more than 400 MB of memory to read",
  });
  expect(next.file).toMatchObject(GOOD_TEXT);
});

it("a file that takes longer than the limit ends at it, though native code is running (case 36)", async () => {
  const run = extractionRunner({ bytes: 8192 * MEGABYTE, milliseconds: 500 });
  const { file, milliseconds } = await run(pdf(nestedFormsPdf(8)));
  expect(file).toMatchObject({
    result: "extraction_failed",
    message: "The file takes more than 0.5 s to read",
  });
  expect(milliseconds).toBeLessThan(5000);
});

it("without native libraries unpdf reads a PDF, which the result says (case 35)", async () => {
  const { file } = await extractionRunner(EXTRACTION_LIMITS, { native: false })(GOOD);
  expect(file).toMatchObject({ ...GOOD_TEXT, extractor: expect.stringMatching(/^unpdf /) as string });
});

/** A child process of the test's own, which gets a file as the real one does. */
async function childThat(does: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "extraction-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "child.mjs");
  await writeFile(path, `process.once("message", async () => { ${does} });`);
  return path;
}

it("a native library that crashes its process is not used for that file again (cases 35 and 36)", async () => {
  const child = await childThat(`
    if (process.permission.has("addon")) process.kill(process.pid, "SIGSEGV");
    else process.send({ peakBytes: 1, file: { result: "no_text", extractor: "other", message: "read by another" } }, () => process.exit());`);
  const { file } = await extractionRunner(EXTRACTION_LIMITS, { child })(GOOD);
  expect(file).toMatchObject({ extractor: "other" });
});

it("a process whose heap is full says that memory was short, and the file is not read again (case 30)", async () => {
  const child = await childThat(`
    if (!process.permission.has("addon")) process.exit(3);
    const kept = [];
    for (;;) kept.push(new Array(1000).fill(kept.length));`);
  const { file } = await extractionRunner({ ...EXTRACTION_LIMITS, bytes: 200 * MEGABYTE }, { child })(GOOD);
  expect(file).toMatchObject({
    result: "extraction_failed",
    message: "The file needs more than 200 MB of memory to read",
  });
});

it.each([
  [
    "is killed midway",
    `process.kill(process.pid, "SIGKILL")`,
    "The process that read the file was ended by SIGKILL",
  ],
  ["ends without a result", "process.exit(3)", "The process that read the file ended without a result"],
  [
    "sends what is no result",
    `process.send({ file: 1 }, () => process.exit())`,
    "The process that read the file ended without a result",
  ],
])("a process that %s fails its file only (case 36)", async (_, does, message) => {
  const run = extractionRunner(EXTRACTION_LIMITS, { child: await childThat(does) });
  expect((await run(GOOD)).file).toMatchObject({ result: "extraction_failed", message });
  expect((await run(GOOD)).file).toMatchObject({ result: "extraction_failed", message });
});

it("the process that reads a file may read no other, write, start a process, and has no environment (case 30)", async () => {
  const child = await childThat(`
    const fs = await import("node:fs"), { spawnSync } = await import("node:child_process");
    const refused = (attempt) => { try { attempt(); return "allowed"; } catch (error) { return error.code; } };
    const tried = [() => fs.readFileSync("/etc/passwd"), () => fs.readFileSync(".git"), () => fs.writeFileSync("x", ""), () => spawnSync("true")].map(refused);
    const environment = Object.keys(process.env).filter((name) => !name.startsWith("NODE_CHANNEL"));
    process.send({ peakBytes: 1, file: { result: "no_text", extractor: tried.join(), message: environment.join() } }, () => process.exit());`);
  const { file } = await extractionRunner(EXTRACTION_LIMITS, { child })(GOOD);
  const denied = Array.from({ length: 4 }, () => "ERR_ACCESS_DENIED").join(",");
  expect(file).toEqual({ result: "no_text", extractor: denied, message: "" });
});
