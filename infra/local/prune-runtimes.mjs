// After `npm ci`: removes what no run on this machine opens, some 400 of 493 MB, and unpacks the data of OCR, as its library needs it.
// The packages bring binaries of other systems, of browsers and of GPUs, and source maps. Plain JavaScript, because npm may run it on
// an older Node; whatever is missing is skipped.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const PACKAGES = join(import.meta.dirname, "../../node_modules");

/** Removes all in the folder but what `keep` says. */
function prune(folder, keep) {
  let names = [];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    if (!keep(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

prune(join(PACKAGES, "onnxruntime-web/dist"), (name) =>
  [
    "ort.node.min.mjs",
    "ort.node.min.js",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
  ].includes(name),
);
prune(join(PACKAGES, "onnxruntime-node/bin/napi-v6"), (name) => name === process.platform);
prune(join(PACKAGES, "onnxruntime-node/bin/napi-v6", process.platform), (name) => name === process.arch);

// The package contains the binary of its builder beside those of the packages of each system.
const libc = { linux: "-gnu", win32: "-msvc" }[process.platform] ?? "";
if (existsSync(join(PACKAGES, `@llamaindex/liteparse-${process.platform}-${process.arch}${libc}`))) {
  prune(join(PACKAGES, "@llamaindex/liteparse"), (name) => !/\.(node|so|dylib|dll)$/.test(name));
}

prune(join(PACKAGES, "@tesseract.js-data/eng"), (name) => name !== "4.0.0");
const data = join(PACKAGES, "@tesseract.js-data/eng/4.0.0_best_int/eng.traineddata");
if (existsSync(`${data}.gz`)) {
  writeFileSync(data, gunzipSync(readFileSync(`${data}.gz`)));
  rmSync(`${data}.gz`);
}
