// Prints the suites for which it matters whether DATABASE_URL names a server, one a line: those that import, through whatever other
// files, one that reads it. All others would only run once more what they run on PGlite.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const { imports: aliases } = JSON.parse(readFileSync("package.json", "utf8"));
const importedPath = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;
/** By file: what it imports, and whether it reads the variable itself. */
const files = new Map();

function read(file) {
  const text = readFileSync(file, "utf8");
  const paths = Array.from(text.matchAll(importedPath), ([, path]) => fileOf(path, file));
  return { readsUrl: text.includes("process.env.DATABASE_URL"), imports: paths.filter(existsSync) };
}

function fileOf(path, from) {
  const [prefix, target] =
    Object.entries(aliases).find(([alias]) => path.startsWith(alias.slice(0, -1))) ?? [];
  if (prefix) return normalize(target.replace("*", path.slice(prefix.length - 1)));
  return path.startsWith(".") ? normalize(join(dirname(from), path)) : "";
}

function usesServer(suite) {
  const seen = new Set([suite]);
  for (const file of seen) {
    if (!files.has(file)) files.set(file, read(file));
    const { readsUrl, imports } = files.get(file);
    if (readsUrl) return true;
    for (const imported of imports) seen.add(imported);
  }
  return false;
}

const names = readdirSync("test", { recursive: true }).filter((name) => name.endsWith(".test.ts"));
const suites = names.map((name) => join("test", name)).filter(usesServer);
process.stdout.write(`${suites.sort().join("\n")}\n`);
