import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const FOLDERS = ["functions", "shared", "infra", "sql", "test"] as const;
const FILES = [...globSync(FOLDERS.map((folder) => `${folder}/**/*.{ts,mjs,sql,md}`)), "README.md"];
const PICTURES = globSync("infra/**/*.png");

/** Names of files that stand for any, or that something makes: `functions/api/NAME.ts`, a bundle's `index.mjs`. */
const NOT_A_FILE_HERE = /NAME|^index\.mjs$/;

/** What prose says: all of a document, the comments of code. */
function proseOf(file: string): string {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".md")) return text;
  return [...text.matchAll(/\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$|^\s*--.*$/gm)]
    .map(([comment]) => comment)
    .join("\n");
}

describe("documents and comments", () => {
  it("documents and comments name only files that exist", () => {
    const named = FILES.flatMap((file) =>
      [
        ...proseOf(file).matchAll(
          /(?<![\w/.*}-])(?:[\w-]+\/)*[\w-]+(?:\.test|\.config)?\.(?:ts|md|sql|mjs)\b/g,
        ),
      ].map(([name]) => ({
        file,
        name,
      })),
    );
    expect(named.length).toBeGreaterThan(50);
    const exists = (name: string) => FILES.some((file) => file === name || file.endsWith(`/${name}`));
    const missing = named.filter(({ name }) => !NOT_A_FILE_HERE.test(name) && !exists(name));
    expect(missing).toEqual([]);
  });

  it("documents and comments link only to files that exist", () => {
    const broken = FILES.filter((file) => file.endsWith(".md")).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .map(([, target = ""]) => posix.join(posix.dirname(file), target))
        .filter((path) => !FILES.includes(path) && !PICTURES.includes(path))
        .map((path) => ({ file, path })),
    );
    expect(broken).toEqual([]);
  });

  it("documents list every npm script that a person runs, and none that does not exist", () => {
    const [, commands = ""] = readFileSync("infra/running.md", "utf8").split("## Commands");
    const listed = [...commands.matchAll(/`npm (?:run (?:-s )?)?([\w:]+)/g)].map(([, name = ""]) => name);
    const scripts = Object.keys(manifest.scripts);
    expect(scripts.filter((name) => !/^(check:|postinstall$)/.test(name) && !listed.includes(name))).toEqual(
      [],
    );
    const mentioned = FILES.flatMap((file) =>
      [...proseOf(file).matchAll(/`npm run (?:-s )?([a-z]+(?::[a-z]+)?)/g)].map(([, name = ""]) => ({
        file,
        name,
      })),
    );
    expect(mentioned.filter(({ name }) => !scripts.includes(name))).toEqual([]);
  });
});
