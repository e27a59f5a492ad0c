// After `npm ci`: removes what no run on this machine opens, some 370 of 428 MB. Both packages bring binaries of other systems, of
// browsers and of GPUs, and source maps. Plain JavaScript, because npm may run it on an older Node; whatever is missing is skipped.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

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
