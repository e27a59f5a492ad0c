import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { TransientError } from "#shared/errors.ts";
import type { Embedder } from "./embedder.ts";
import type { RuntimeName } from "./minilm/onnx-runtime.ts";
import { DIMENSIONS } from "./minilm/sentence-encoder.ts";

const responseSchema = z.union([
  z.object({ id: z.number(), vector: z.instanceof(Float32Array) }),
  z.object({ id: z.number(), error: z.string() }),
]);

/** A few seconds' work of one thread. */
const TEXTS_PER_CALL = 32;

type Job = {
  id: number;
  text: string;
  signal: AbortSignal | undefined;
  resolve: (vector: number[]) => void;
  reject: (error: Error) => void;
};
type Thread = { worker: Worker; job: Job | null };

/**
 * all-MiniLM-L6-v2 in worker threads: about 50 chunks a second and core, 13 without a native runtime. Its weights lie beside
 * this file. A job is one text, so that every thread has work and a query waits for one text at most. Threads start with the first
 * text and do not keep the process alive when they have nothing to do.
 */
export function localEmbedder(options: { threads?: number; runtime?: RuntimeName } = {}): Embedder {
  const limit = options.threads ?? Math.max(1, Math.min(4, availableParallelism()));
  const waiting: Job[] = [];
  const threads = new Set<Thread>();
  let lastId = 0;

  const assign = () => {
    while (waiting.length > 0) {
      const [next] = waiting;
      if (next?.signal?.aborted) {
        waiting.shift();
        next.reject(new TransientError("embedding_failed", "The embedding request was cancelled"));
        continue;
      }
      let thread = [...threads].find((candidate) => candidate.job === null);
      if (!thread && threads.size < limit) thread = start();
      const job = thread && waiting.shift();
      if (!thread || !job) return;
      thread.job = job;
      thread.worker.ref();
      thread.worker.postMessage({ id: job.id, text: job.text });
    }
  };
  const finish = (thread: Thread): Job | null => {
    const { job } = thread;
    thread.job = null;
    thread.worker.unref();
    return job;
  };
  const start = (): Thread => {
    const worker = new Worker(new URL("./local-embedder-thread.ts", import.meta.url), {
      workerData: { runtime: options.runtime },
    });
    const thread: Thread = { worker, job: null };
    threads.add(thread);
    worker.on("message", (message) => {
      const response = responseSchema.parse(message);
      const job = finish(thread);
      if ("error" in response) job?.reject(new TransientError("embedding_failed", response.error));
      else job?.resolve([...response.vector]);
      assign();
    });
    // A thread that dies takes only its own job along; the next job starts another.
    const lose = (error: Error | null) => {
      if (!threads.delete(thread)) return;
      finish(thread)?.reject(
        new TransientError("embedding_failed", "The embedding thread ended", { cause: error }),
      );
      assign();
    };
    worker.on("error", lose);
    worker.on("exit", () => lose(null));
    return thread;
  };
  const embedText = (text: string, isQuery: boolean, signal: AbortSignal | undefined) =>
    new Promise<number[]>((resolve, reject) => {
      const job = { id: (lastId += 1), text, signal, resolve, reject };
      // A person waits for a query; documents are embedded in the background.
      if (isQuery) waiting.unshift(job);
      else waiting.push(job);
      assign();
    });

  return {
    model: `all-minilm-l6-v2-int8@${DIMENSIONS}`,
    dimensions: DIMENSIONS,
    textsPerCall: TEXTS_PER_CALL,
    // Measured with `npm run evaluate`: questions in other words find their page more often (vectors alone .40 → .46 and .56 → .64
    // in MRR), those of a manual less (.73 → .71). Headings are in the index of words either way.
    inputHeadings: false,
    embed: async (texts, { signal, purpose, onVectors } = {}) => {
      signal?.throwIfAborted();
      return Promise.all(
        texts.map(async (text, index) => {
          const vector = await embedText(text, purpose === "query", signal);
          onVectors?.(index, [vector]);
          return vector;
        }),
      );
    },
  };
}
