import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";

const lock = z.object({
  packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })),
});
const manifest = z.object({ allowScripts: z.record(z.string(), z.boolean()) });

/** npm says it at `npm install` only, and as a warning, which .npmrc hides. */
it("each package with an install script is allowed to run it, or not, by name", () => {
  const { packages } = lock.parse(JSON.parse(readFileSync("package-lock.json", "utf8")));
  const { allowScripts } = manifest.parse(JSON.parse(readFileSync("package.json", "utf8")));
  const withScripts = Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.split("node_modules/").at(-1));
  expect(withScripts).toContain("node");
  expect(withScripts.filter((name) => name === undefined || !(name in allowScripts))).toEqual([]);
});
