import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import type { PlantedBug } from "./planted-bugs.ts";
import { ALL_PLANTED_BUGS } from "./planted/all.ts";

it.each(ALL_PLANTED_BUGS.flatMap(({ name, changes }) => changes.map((change) => ({ name, ...change }))))(
  "planted bug $name: its text is in $file exactly once",
  async ({ file, find, put }) => {
    expect((await readFile(file, "utf8")).split(find)).toHaveLength(2);
    expect(put).not.toBe(find);
  },
);

it("each planted bug has its own name", () => {
  const names = ALL_PLANTED_BUGS.map((bug) => bug.name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

/* A bug that names what its file does not know crashes: that is found by every test, or healed by a retry, and says nothing. */
it("no planted bug names what its file does not import or declare", async () => {
  const folder = await mkdtemp(join(tmpdir(), "undefined-names-"));
  try {
    for (const [index, bug] of ALL_PLANTED_BUGS.entries()) await plant(bug, join(folder, String(index)));
    expect(await undefinedNames(folder)).toEqual([]);
    await writeFile(join(folder, "control.ts"), "missing();");
    expect(await undefinedNames(folder)).toEqual(["control.ts: 'missing' is not defined."]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Writes each changed TypeScript file of the bug to `target`, with a number and `.ts` after it. */
async function plant({ changes }: PlantedBug, target: string): Promise<void> {
  const files = [...new Set(changes.map(({ file }) => file))].filter((file) => file.endsWith(".ts"));
  for (const [index, file] of files.entries()) {
    let text = await readFile(file, "utf8");
    for (const { find, put } of changes.filter((one) => one.file === file))
      text = text.replace(find, () => put);
    await writeFile(`${target}-${index}.ts`, text);
  }
}

/** What the linter says of names in the files of a folder, and of files that it cannot parse. */
async function undefinedNames(folder: string): Promise<string[]> {
  const config = join(folder, "config.json");
  const env = { node: true, browser: true, es2024: true };
  const rules = { "no-undef": "error" };
  await writeFile(config, JSON.stringify({ env, categories: { correctness: "off" }, rules }));
  const args = ["-c", config, "--disable-nested-config", "--format", "json", folder];
  const output = await new Promise<string>((resolve) => {
    execFile("node_modules/.bin/oxlint", args, { maxBuffer: 1e8 }, (_, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(output) as { diagnostics: { filename: string; message: string }[] };
  return diagnostics.map(({ filename, message }) => {
    const file = basename(filename);
    return `${ALL_PLANTED_BUGS[Number.parseInt(file, 10)]?.name ?? file}: ${message}`;
  });
}
