import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const APP = new URL("../../console/", import.meta.url);

export type ConsoleFile = { path: string; type: string; bytes: Buffer; gzipped: number };

/** Of the packages whose code the bundle contains: their licences ask for it. */
const NOTICE =
  "/*! preact, @preact/signals: MIT, Copyright Jason Miller and others; diff: BSD-3-Clause, Copyright Kevin Decker */";

/** Builds the console in memory: its page, one script, one style sheet, each with its size in bytes after gzip. */
export async function bundleConsole(): Promise<ConsoleFile[]> {
  const { outputFiles } = await build({
    entryPoints: {
      app: fileURLToPath(new URL("main.tsx", APP)),
      styles: fileURLToPath(new URL("styles.css", APP)),
    },
    outdir: "/console",
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    banner: { js: NOTICE },
    logLevel: "silent",
    tsconfigRaw: {},
  });
  const built = (extension: string) => {
    const file = outputFiles.find(({ path }) => path.endsWith(extension));
    if (!file) throw new Error(`The bundle has no ${extension} file`);
    return Buffer.from(file.contents);
  };
  return [
    toFile("/console", "text/html; charset=utf-8", await readFile(new URL("index.html", APP))),
    toFile("/console/app.js", "text/javascript; charset=utf-8", built(".js")),
    toFile("/console/app.css", "text/css; charset=utf-8", built(".css")),
  ];
}

function toFile(path: string, type: string, bytes: Buffer): ConsoleFile {
  return { path, type, bytes, gzipped: gzipSync(bytes, { level: 9 }).length };
}
