/**
 * A MODEL of SQS fair queues, not SQS: by the rule that AWS publishes ("How Amazon SQS fair queues work"), a message group with more
 * than a tenth of the messages in flight, and at least 30 of its own, is noisy, and others' messages are delivered before its own.
 */
const NOISY_SHARE = 0.1;
const NOISY_MESSAGES = 30;

export type Waits = { medianSeconds: number; longestSeconds: number };

/** Waits of a quiet group's messages that are sent while a loud group's backlog of `loud` is being worked on. */
export function simulateQuietGroup(options: {
  loud: number;
  quiet: number;
  workers: number;
  batchSize: number;
  secondsPerMessage: number;
  fair: boolean;
  /** When the quiet group's messages are sent. */
  quietAtSeconds: number;
}): Waits {
  let loudWaiting = options.loud;
  let quietWaiting = 0;
  let quietUnsent = options.quiet;
  const waits: number[] = [];
  // Each worker: when it is free again, and what it holds.
  const workers = Array.from({ length: options.workers }, (_, index) => ({
    freeAt: (index * options.batchSize * options.secondsPerMessage) / options.workers,
    loud: 0,
    quiet: 0,
  }));
  while (loudWaiting + quietWaiting + quietUnsent > 0) {
    const worker = workers.reduce((earliest, one) => (one.freeAt < earliest.freeAt ? one : earliest));
    const now = worker.freeAt;
    if (quietUnsent > 0 && now >= options.quietAtSeconds) {
      quietWaiting += quietUnsent;
      quietUnsent = 0;
    }
    worker.loud = 0;
    worker.quiet = 0;
    const inFlight = { loud: sum(workers, "loud"), quiet: sum(workers, "quiet") };
    const all = inFlight.loud + inFlight.quiet;
    const noisy = inFlight.loud >= NOISY_MESSAGES && inFlight.loud > NOISY_SHARE * all;
    const quietFirst = options.fair && noisy;
    const takeQuiet = quietFirst || loudWaiting === 0 ? Math.min(quietWaiting, options.batchSize) : 0;
    const takeLoud = Math.min(loudWaiting, options.batchSize - takeQuiet);
    worker.quiet = takeQuiet;
    worker.loud = takeLoud;
    quietWaiting -= takeQuiet;
    loudWaiting -= takeLoud;
    for (let taken = 0; taken < takeQuiet; taken += 1) waits.push(now - options.quietAtSeconds);
    worker.freeAt = now + Math.max(takeQuiet + takeLoud, 1) * options.secondsPerMessage;
  }
  const sorted = waits.toSorted((a, b) => a - b);
  return { medianSeconds: sorted[Math.floor(sorted.length / 2)] ?? 0, longestSeconds: sorted.at(-1) ?? 0 };
}

function sum(workers: readonly { loud: number; quiet: number }[], kind: "loud" | "quiet"): number {
  return workers.reduce((total, worker) => total + worker[kind], 0);
}
