import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import type { Ocr } from "#shared/extraction/ocr.ts";
import {
  extractionReply,
  killNotice,
  type ExtractionLimits,
  type ExtractionRequest,
  type FileToExtract,
} from "./extraction-messages.ts";

/** As on Lambda, whose 2 GB are more only because its runtime and its copy of the file are in the same process. */
export const EXTRACTION_LIMITS: ExtractionLimits = { bytes: 1024 ** 3, milliseconds: 60_000 };

/**
 * Share of the memory that the heap may have: what is beside it (libraries, the young generation, the file) has the rest. Without
 * it Node lets a heap grow over the limit before it collects what is garbage.
 */
const HEAP_SHARE = 0.73;

/** Time beyond the limit after which the parent kills a child whose watchdog did not. */
const GRACE_MS = 5000;

const CHILD = fileURLToPath(new URL("extraction-child.ts", import.meta.url));
const PROJECT = fileURLToPath(new URL("../../../../", import.meta.url));
/** All that the child may read: itself and its libraries. It may write nothing and start no process. */
const READABLE = ["package.json", "shared", "node_modules", "infra/local/runner/extraction"];

/** Signals of a fault in native code. SIGKILL is none of them: that is the watchdog, or the system out of memory. */
const CRASHES: ReadonlySet<string> = new Set(["SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT", "SIGFPE", "SIGTRAP"]);

export type Extraction = { file: ExtractedFile; milliseconds: number; peakBytes: number | null };

/**
 * Extracts files one at a time, each in a process of its own with an empty environment. A file that crashes its process, or
 * exceeds a limit, is `extraction_failed` with the reason; the next one is not affected. `native: false` loads no native library.
 */
export function extractionRunner(
  limits: ExtractionLimits = EXTRACTION_LIMITS,
  { native = true, child = CHILD, ocr = null }: { native?: boolean; child?: string; ocr?: Ocr | null } = {},
): (file: FileToExtract) => Promise<Extraction> {
  let last: Promise<unknown> = Promise.resolve();
  return (file) => {
    const next = last.then(async () => extract(file, { limits, child, native, ocr }));
    last = next.catch(() => {});
    return next;
  };
}

type Setting = { limits: ExtractionLimits; child: string; native: boolean; ocr: Ocr | null };

async function extract(file: FileToExtract, setting: Setting): Promise<Extraction> {
  const started = performance.now();
  let ended = await runChild(file, setting);
  // Without native libraries a PDF has another reader.
  if (ended.crashed && setting.native) ended = await runChild(file, { ...setting, native: false });
  return { file: ended.file, peakBytes: ended.peakBytes, milliseconds: performance.now() - started };
}

type Ended = { file: ExtractedFile; peakBytes: number | null; crashed: boolean };

async function runChild(file: FileToExtract, { limits, child, native, ocr }: Setting): Promise<Ended> {
  const permissions = [
    "--permission",
    "--allow-worker",
    `--max-old-space-size=${Math.floor((limits.bytes / 1024 ** 2) * HEAP_SHARE)}`,
    ...(native ? ["--allow-addons"] : []),
    ...READABLE.map((path) => `--allow-fs-read=${PROJECT}${path}`),
  ];
  const spawned = spawn(process.execPath, ["--no-warnings", ...permissions, child], {
    env: {},
    cwd: PROJECT,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  const timer = setTimeout(() => spawned.kill("SIGKILL"), limits.milliseconds + GRACE_MS);
  let reply: unknown;
  spawned.once("message", (message) => (reply = message));
  // A child that is gone before it has read the file closes the channel: its exit says why.
  spawned.send({ file, limits, ocr } satisfies ExtractionRequest, () => {});
  const [errors] = await Promise.all([spawned.stderr ? text(spawned.stderr) : "", once(spawned, "close")]);
  clearTimeout(timer);
  const parsed = extractionReply.safeParse(reply);
  if (parsed.success) return { ...parsed.data, crashed: false };
  return failed(errors, spawned.signalCode, limits);
}

function failed(errors: string, signal: NodeJS.Signals | null, limits: ExtractionLimits): Ended {
  const notice = errors
    .split("\n")
    .map(readNotice)
    .find((found) => found !== null);
  // Node aborts at the limit of its heap: no fault of native code.
  const heapFull = errors.includes("JavaScript heap out of memory");
  const crashed = signal !== null && CRASHES.has(signal) && !heapFull;
  const message =
    notice?.killed === "memory" || heapFull
      ? `The file needs more than ${limits.bytes / 1024 ** 2} MB of memory to read`
      : notice?.killed === "time"
        ? `The file takes more than ${limits.milliseconds / 1000} s to read`
        : signal === null
          ? "The process that read the file ended without a result"
          : `The process that read the file was ended by ${signal}`;
  return {
    file: { result: "extraction_failed", extractor: "none", message },
    peakBytes: notice?.peakBytes ?? null,
    crashed,
  };
}

function readNotice(line: string) {
  try {
    return killNotice.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
