import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";

/** The system that Lambda runs functions on. */
const LAMBDA_SYSTEM = "linux-arm64-gnu";

/** What is installed for another system than this one; kept between syntheses. */
const INSTALLED = "dist/native-packages";

const lockFile = z.object({
  packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })),
});

/** Parts of packages that run: none of their commands, types and source maps. */
const NEEDED = /(?:^|\/)(?:package\.json|LICENSE|dist|dist\/lib\.cjs|[^/]+\.(?:node|so))$/;

/**
 * Copies a package and its native library for Lambda into `directory/node_modules`. npm installs only the library of the machine
 * it runs on, so the other one is installed apart, by the version and checksum of the project's lock file.
 */
export async function copyPackage(name: string, directory: string): Promise<void> {
  const native = `${name}-${LAMBDA_SYSTEM}`;
  const folders = { [name]: "node_modules", [native]: await installed(native) };
  for (const [own, folder] of Object.entries(folders)) {
    const from = join(folder, own);
    await cp(from, join(directory, "node_modules", own), {
      recursive: true,
      filter: (path) => path === from || NEEDED.test(path.slice(from.length)),
    });
  }
}

/** The `node_modules` folder that contains the package. */
async function installed(name: string): Promise<string> {
  const lock = lockFile.parse(JSON.parse(await readFile("package-lock.json", "utf8")));
  const entry = lock.packages[`node_modules/${name}`];
  if (!entry?.version) throw new Error(`package-lock.json does not contain ${name}, which Lambda needs`);
  const { optional: _, ...locked } = entry;
  const root = {
    name: "native-package",
    version: "0.0.0",
    private: true,
    dependencies: { [name]: entry.version },
  };
  const packages = { "": root, [`node_modules/${name}`]: locked };
  const text = JSON.stringify({ ...root, lockfileVersion: 3, requires: true, packages });
  const folder = join(INSTALLED, createHash("sha256").update(text).digest("hex").slice(0, 16));
  if (existsSync(folder)) return join(folder, "node_modules");
  const unfinished = `${folder}-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await writeFile(join(unfinished, "package.json"), JSON.stringify(root));
  await writeFile(join(unfinished, "package-lock.json"), text);
  // Forced, because the package is for another system than this one; the lock file's checksum is verified all the same.
  const options = ["--force", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  try {
    await promisify(execFile)("npm", ["ci", ...options], { cwd: unfinished });
  } catch (error) {
    await rm(unfinished, { recursive: true });
    throw new Error(
      `${name} ${entry.version} cannot be installed: synthesis needs npm's registry or its cache`,
      {
        cause: error,
      },
    );
  }
  await rename(unfinished, folder).catch(async (error: unknown) => {
    // Another synthesis was faster.
    await rm(unfinished, { recursive: true });
    if (!existsSync(folder)) throw error;
  });
  return join(folder, "node_modules");
}
