import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { z } from "zod";
import { EXTRACT_FUNCTION, functions, type FunctionSpec } from "#infra/topology.ts";

/** Where synthesis leaves what each bundle is made of. */
const BUNDLES = "dist/functions";

const metafile = z.object({
  outputs: z.record(
    z.string(),
    z.object({ bytes: z.number(), inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })) }),
  ),
});

/** Never deployed: the local database, the local model, the simulated site, what builds the stack. */
const FORBIDDEN =
  /^(@electric-sql\/|onnxruntime|@huggingface\/|aws-cdk|constructs$|fauxqs$|swagger-ui-dist$)|infra\/local|confluence-site|local-embedder/;

/** What reads files belongs to the function that has nothing a file could reach. */
const OF_EXTRACTION = /^(mammoth|unpdf|@llamaindex\/)|shared\/extraction\/(extract-file|office|pdf|text)/;

const KB = 1000;
const MB = 1000 * KB;
const WORKER_LIMIT = 1500 * KB;
/** The protocol's SDK is 350 kB of it. */
const MCP_LIMIT = 750 * KB;
/** Lambda takes 250 MB unpacked; what is uploaded, and copied to each new environment, is the archive. */
const EXTRACTOR_ARCHIVE_LIMIT = 60 * MB;
/** API functions that only read the database; the one of the document, which has every contract, is the largest. */
const READER_LIMIT = 280 * KB;

export type BundleSize = { name: string; bytes: number; byPackage: [string, number][]; faults: string[] };

/** Bytes of each function's bundle by package, and what is wrong with it. */
export function measureBundles(): BundleSize[] {
  const files = readdirSync(BUNDLES).filter((file) => file.endsWith(".meta.json"));
  if (files.length === 0) throw new Error(`No bundles in ${BUNDLES}: run npm run synth first`);
  return files
    .map((file) => measure(file.replace(".meta.json", ""), join(BUNDLES, file)))
    .sort((a, b) => b.bytes - a.bytes);
}

function measure(name: string, path: string): BundleSize {
  const { outputs } = metafile.parse(JSON.parse(readFileSync(path, "utf8")));
  const files = Object.entries(outputs).flatMap(([file, output]) => (file.endsWith(".mjs") ? [output] : []));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const packages = new Map<string, number>();
  const faults: string[] = [];
  for (const [input, { bytesInOutput }] of files.flatMap(({ inputs }) => Object.entries(inputs))) {
    const own = packageOf(input);
    packages.set(own, (packages.get(own) ?? 0) + bytesInOutput);
    const forbidden = name === EXTRACT_FUNCTION ? [FORBIDDEN] : [FORBIDDEN, OF_EXTRACTION];
    if (forbidden.some((pattern) => pattern.test(own) || pattern.test(input)))
      faults.push(`${name} contains ${input}`);
  }
  const limit = limitOf(name);
  if (name === EXTRACT_FUNCTION) {
    const archived = archiveBytes(path.replace(/\.meta\.json$/, ""));
    packages.set("(whole archive)", archived);
    if (archived > EXTRACTOR_ARCHIVE_LIMIT)
      faults.push(`The archive of ${name} has ${archived} bytes, more than ${EXTRACTOR_ARCHIVE_LIMIT}`);
  }
  if (limit && bytes > limit) faults.push(`${name} has ${bytes} bytes, more than ${limit}`);
  return { name, bytes, byPackage: [...packages].sort((a, b) => b[1] - a[1]), faults };
}

/** Bytes of a folder's files, compressed as in a zip archive, without its table of contents. */
function archiveBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, { parentPath, name }) => sum + deflateRawSync(readFileSync(join(parentPath, name))).length,
      0,
    );
}

function packageOf(input: string): string {
  const inside = input.split("node_modules/").at(-1) ?? input;
  if (inside === input) return "(own code)";
  const [first = "", second = ""] = inside.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

function limitOf(name: string): number | undefined {
  if (name === "mcp") return MCP_LIMIT;
  if (name === "process-page" || name === "process-attachment") return WORKER_LIMIT;
  const spec: FunctionSpec | undefined = Object.entries<FunctionSpec>(functions).find(
    ([key]) => key === name,
  )?.[1];
  const onlyReads =
    spec?.entry.startsWith("functions/api/") && spec.access.every((right) => right === "database");
  return onlyReads ? READER_LIMIT : undefined;
}

/** A line a function: its bytes, and its largest packages. */
export function printSizes(sizes: readonly BundleSize[]): void {
  for (const { name, bytes, byPackage } of sizes) {
    const largest = byPackage.slice(0, 5).map(([own, size]) => `${own} ${Math.round(size / KB)}`);
    console.log(`${name.padEnd(24)}${String(Math.round(bytes / KB)).padStart(6)} kB   ${largest.join(", ")}`);
  }
}

if (import.meta.main) {
  const sizes = measureBundles();
  const faults = sizes.flatMap((size) => size.faults);
  if (!process.argv.includes("--check")) printSizes(sizes);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
