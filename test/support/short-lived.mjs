import { setFlagsFromString } from "node:v8";

// Postgres in WebAssembly: functions are compiled when first called, and not optimized.
setFlagsFromString("--wasm-lazy-compilation");
setFlagsFromString("--liftoff-only");
