import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { FunctionSpec } from "#infra/topology.ts";

/** `directory` is what is deployed; what it is made of stands beside it, in `<directory>.meta.json` (esbuild's metafile). */
export type Bundle = { directory: string };

/**
 * Modules that a deployment never loads: they stay outside the bundles. The local embedder brings its model's weights, and
 * only one of the two remote embedders is configured.
 */
const localOnly = ["#shared/embeddings/local-embedder.ts"];
const embedders = {
  bedrock: "#shared/embeddings/bedrock-embedder.ts",
  openai: "#shared/embeddings/openai-embedder.ts",
} as const;

export type RemoteEmbedder = keyof typeof embedders;

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/**
 * esbuild keeps all of zod (450 kB) behind `import { z }`, and only what is used (90 kB) behind `import * as z`: both mean the
 * same, so ours and confluence.js's are rewritten on the way in.
 */
const zodByNamespace: Plugin = {
  name: "zod-by-namespace",
  setup(setup) {
    setup.onLoad(
      { filter: /\/(functions|shared)\/.*\.ts$|\/confluence\.js\/dist\/.*\.js$/ },
      async ({ path }) => ({
        contents: (await readFile(path, "utf8")).replace(
          /import \{ z \} from (["']zod["'])/,
          (_, from: string) => `import * as z from ${from}`,
        ),
        loader: path.endsWith(".ts") ? "ts" : "js",
      }),
    );
  },
};

/** undici's entry brings caches, mocks, proxies and WebSocket along (230 kB): a request needs `fetch` and the agent that guards addresses. */
const undiciInPart: Plugin = {
  name: "undici-in-part",
  setup(setup) {
    setup.onResolve({ filter: /^undici$/ }, ({ resolveDir }) => ({
      path: "undici",
      namespace: "undici-in-part",
      pluginData: resolveDir,
    }));
    setup.onLoad({ filter: /.*/, namespace: "undici-in-part" }, ({ pluginData }: { pluginData: string }) => ({
      contents: `export { fetch } from "undici/lib/web/fetch/index.js";
        export { default as Agent } from "undici/lib/dispatcher/agent.js";`,
      resolveDir: pluginData,
    }));
  },
};

/**
 * Bundles each function by itself into `outputDirectory/<name>`: one minified ES module with a source map, and the folders it
 * needs beside it. Throws an error that names every entry that is missing.
 */
export async function bundleFunctions(
  functions: Record<string, FunctionSpec>,
  options: { outputDirectory: string; embedders: readonly RemoteEmbedder[] },
): Promise<Map<string, Bundle>> {
  const missing = Object.entries(functions).filter(([, spec]) => !existsSync(spec.entry));
  if (missing.length > 0) {
    throw new Error(`Function entries are missing: ${missing.map(([, spec]) => spec.entry).join(", ")}`);
  }
  const unused = Object.entries(embedders).filter(
    ([name]) => !options.embedders.some((used) => used === name),
  );
  const external = [...localOnly, ...unused.map(([, module]) => module)];
  await rm(options.outputDirectory, { recursive: true, force: true });
  const bundled = await Promise.all(
    Object.entries(functions).map(async ([name, spec]) => {
      const directory = join(options.outputDirectory, name);
      return [name, await bundle(spec, directory, external)] as const;
    }),
  );
  return new Map(bundled);
}

async function bundle(spec: FunctionSpec, directory: string, external: string[]): Promise<Bundle> {
  await mkdir(directory, { recursive: true });
  const { metafile } = await build({
    entryPoints: [spec.entry],
    outfile: join(directory, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    external,
    plugins: [zodByNamespace, undiciInPart],
    metafile: true,
    logLevel: "error",
  });
  for (const folder of spec.files ?? []) await cp(folder, join(directory, folder), { recursive: true });
  await writeFile(`${directory}.meta.json`, JSON.stringify(metafile));
  return { directory };
}
