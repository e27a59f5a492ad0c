import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { FunctionSpec } from "#infra/topology.ts";
import { copyPackage } from "./native-package.ts";

/** `directory` is deployed; a description of its content is beside it, in `<directory>.meta.json` (esbuild's metafile). */
export type Bundle = { directory: string };

/**
 * Modules that a deployment never loads: they stay outside the bundles. The local embedder contains its model's weights, and
 * only one of the two remote embedders is configured.
 */
const localOnly = ["#shared/embeddings/local-embedder.ts"];
const embedders = {
  bedrock: "#shared/embeddings/bedrock-embedder.ts",
  openai: "#shared/embeddings/openai-embedder.ts",
} as const;

/** The SDK imports them dynamically: for operations that return a stream of events, and in browsers. */
const neverCalled = ["@smithy/core/event-streams", "bowser"];

export type RemoteEmbedder = keyof typeof embedders;

/** An ES module has no `require`, which CommonJS packages call, and these bundles for Node's own modules. */
const REQUIRE =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/**
 * Lambda passes a function its credentials in the environment. The SDK's default chain reads them too, but includes clients
 * for all other sources (90 kB: SSO, STS, web identity, instance metadata).
 */
const credentialsOfEnvironment: Plugin = {
  name: "credentials-of-environment",
  setup(setup) {
    setup.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: "credentials",
      namespace: "credentials-of-environment",
      pluginData: resolveDir,
    }));
    setup.onLoad(
      { filter: /.*/, namespace: "credentials-of-environment" },
      ({ pluginData }: { pluginData: string }) => ({
        contents: `export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";`,
        resolveDir: pluginData,
      }),
    );
  },
};

/**
 * A source map that names only the file, for the lines of libraries: Node reads the whole map when it
 * loads a function, and stack traces need only the lines of this project's code.
 */
const NO_LINES = Buffer.from(JSON.stringify({ version: 3, sources: [""], mappings: "AAAA" })).toString(
  "base64",
);

/**
 * esbuild keeps all of zod (450 kB) behind `import { z }`, and only what is used (90 kB) behind `import * as z`: both mean the
 * same, so the imports of this project and of confluence.js are rewritten.
 */
const sources: Plugin = {
  name: "sources",
  setup(setup) {
    setup.onLoad({ filter: /\.(ts|[cm]?js)$/ }, async ({ path }) => {
      const code = (await readFile(path, "utf8")).replace(
        /import \{ z \} from (["']zod["'])/,
        (_, from: string) => `import * as z from ${from}`,
      );
      const library = path.includes("/node_modules/");
      return {
        contents: library ? `${code}\n//# sourceMappingURL=data:application/json;base64,${NO_LINES}` : code,
        loader: "default",
      };
    });
  },
};

/**
 * Node's own modules are required, not imported: for an import Node reads each of a module's members, and those of `node:http`
 * load a WebSocket client (20 ms).
 */
const requiredBuiltins: Plugin = {
  name: "required-builtins",
  setup(setup) {
    const names = new RegExp(`^(node:)?(${builtinModules.join("|")})$`);
    setup.onResolve({ filter: names }, ({ path, kind, namespace }) =>
      namespace === "required-builtins" || kind !== "import-statement"
        ? { path, external: true }
        : { path, namespace: "required-builtins" },
    );
    setup.onLoad({ filter: /.*/, namespace: "required-builtins" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Bundles each function separately into `outputDirectory/<name>`: minified ES modules with source maps (`index.mjs`, and beside it
 * what is loaded later or rarely), and the folders and packages it needs. Throws an error that names every entry that is missing.
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
  const external = [...localOnly, ...neverCalled, ...unused.map(([, module]) => module)];
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
    entryPoints: { index: spec.entry },
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    // A dynamic import becomes a separate file, which a start does not read.
    splitting: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: REQUIRE },
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    external,
    // Turndown's build for browsers is the one without an HTML parser (240 kB): it receives parsed trees.
    alias: { turndown: "turndown/lib/turndown.browser.es.js" },
    plugins: [credentialsOfEnvironment, requiredBuiltins, sources],
    metafile: true,
    logLevel: "error",
  });
  for (const folder of spec.files ?? []) await cp(folder, join(directory, folder), { recursive: true });
  for (const name of spec.packages ?? []) await copyPackage(name, directory);
  await writeFile(`${directory}.meta.json`, JSON.stringify(metafile));
  return { directory };
}
