import { bundleConsole } from "./bundle.ts";

/** Bytes after gzip, of all files together: what a browser loads over a slow connection. */
const LIMIT = 60_000;

const files = await bundleConsole();
const total = files.reduce((sum, file) => sum + file.gzipped, 0);
for (const { path, bytes, gzipped } of files)
  console.log(
    `${path.padEnd(20)}${String(bytes.length).padStart(8)} bytes, ${String(gzipped).padStart(6)} gzipped`,
  );
console.log(
  `${"console".padEnd(20)}${"".padStart(16)}${String(total).padStart(6)} gzipped of at most ${LIMIT}`,
);
if (total > LIMIT) {
  console.error(`The console has ${total} bytes gzipped, more than ${LIMIT}`);
  process.exitCode = 1;
}
