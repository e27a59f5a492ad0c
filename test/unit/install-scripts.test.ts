import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ hasInstallScript: z.boolean().optional(), optional: z.boolean().optional() }),
  ),
});
const manifest = z.object({
  allowScripts: z.record(z.string(), z.boolean()),
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});
const readLock = () => lock.parse(JSON.parse(readFileSync("package-lock.json", "utf8")));
const readManifest = () => manifest.parse(JSON.parse(readFileSync("package.json", "utf8")));

/** npm says it at `npm install` only, and as a warning, which .npmrc hides. */
it("each package with an install script is allowed to run it, or not, by name", () => {
  const { packages } = readLock();
  const { allowScripts } = readManifest();
  const withScripts = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split("node_modules/").at(-1));
  expect(withScripts).toContain("node");
  expect(withScripts.filter((name) => name === undefined || !(name in allowScripts))).toEqual([]);
});

it("the native runtime of the embedded model is optional, and its download of GPU libraries is skipped", () => {
  const { dependencies, optionalDependencies, allowScripts } = readManifest();
  expect(optionalDependencies).toHaveProperty("onnxruntime-node");
  expect(dependencies).not.toHaveProperty("onnxruntime-node");
  expect(readLock().packages["node_modules/onnxruntime-node"]?.optional).toBe(true);
  // An npm that does not know `allowScripts` would run its install script.
  expect(readFileSync(".npmrc", "utf8").split("\n")).toContain("onnxruntime-node-install=skip");
  expect(allowScripts["onnxruntime-node"]).toBe(false);
});

const PRUNE = "infra/local/prune-runtimes.mjs";

/** A copy of the script in a folder with these files below node_modules. */
function prune(files: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "prune-runtimes-"));
  try {
    mkdirSync(join(folder, dirname(PRUNE)), { recursive: true });
    cpSync(PRUNE, join(folder, PRUNE));
    const paths = files.map((file) => join(folder, "node_modules", file));
    for (const path of paths) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, "");
    }
    const { status, stderr } = spawnSync(process.execPath, [join(folder, PRUNE)], { encoding: "utf8" });
    return { status, stderr, kept: files.filter((_, index) => existsSync(paths[index] ?? "")) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("after an installation, binaries of other systems are removed, and what is missing does not fail it", () => {
  expect(readManifest().scripts["postinstall"]).toBe(`node ${PRUNE}`);
  const bin = "onnxruntime-node/bin/napi-v6";
  const own = [`${bin}/${process.platform}/${process.arch}/a`, "onnxruntime-web/dist/ort.node.min.mjs"];
  const others = [
    `${bin}/${process.platform}/other/a`,
    `${bin}/other/x64/a`,
    "onnxruntime-web/dist/ort.all.js",
  ];
  expect(prune([...own, ...others])).toEqual({ status: 0, stderr: "", kept: own });
  expect(prune([])).toEqual({ status: 0, stderr: "", kept: [] });
  expect(prune(own.slice(1))).toMatchObject({ status: 0, kept: own.slice(1) });
});
