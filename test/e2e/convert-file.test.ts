import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { sheetData, xlsx } from "#test/support/office-files.ts";
import { encryptedPdf, pdfFile } from "#test/support/pdf-file.ts";
import { shortLived } from "#test/support/runner-process.ts";

// Each starts a process that starts another.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "convert-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function converted(name: string, bytes: Uint8Array | null) {
  const path = join(folder, name);
  if (bytes) await writeFile(path, bytes);
  const child = spawn(process.execPath, ["infra/local/commands/convert.ts", "--file", path], {
    env: { ...process.env, ...shortLived },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: child.exitCode, stdout, stderr };
}

it("npm run convert -- --file prints a PDF as Markdown, page by page, and exits with 0", async () => {
  const pages = ["First page.", "Second page."].map((text) => ({ lines: [{ text, x: 72, y: 700 }] }));
  expect(await converted("report.pdf", pdfFile(pages))).toEqual({
    code: 0,
    stdout: "<!-- page 1 -->\n\nFirst page.\n\n<!-- page 2 -->\n\nSecond page.\n\n",
    stderr: "",
  });
});

it("npm run convert -- --file says on stderr what of a file was left out", async () => {
  const sheets = { Plan: sheetData([["a"]]), Lists: sheetData([["secret"]]) };
  expect(await converted("plan.xlsx", xlsx(sheets, { hidden: ["Lists"] }))).toEqual({
    code: 0,
    stdout: "<!-- sheet Plan -->\n\n## Plan\n\na\n\n",
    stderr: 'The hidden sheet "Lists" was left out\n',
  });
});

it.each([
  [
    "encrypted",
    "secret.pdf",
    encryptedPdf("Secret plans", "open sesame"),
    /^encrypted: .*only with a password\n$/,
  ],
  [
    "of an unsupported type",
    "old.doc",
    Buffer.from("d0cf11e0a1b11ae1", "hex"),
    /^unsupported_type: .*\.docx.*\n$/,
  ],
  ["missing", "nowhere.pdf", null, /^--file .*nowhere\.pdf cannot be read: there is no such file\n$/],
])(
  "npm run convert -- --file exits with 1 and one line on stderr for a file that is %s",
  async (_, name, bytes, message) => {
    const { code, stdout, stderr } = await converted(name, bytes);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(message);
  },
);

it("npm run convert -- --file says that a folder is no file", async () => {
  const { code, stderr } = await converted("", null);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^--file .* cannot be read: it is a folder\n$/);
});
