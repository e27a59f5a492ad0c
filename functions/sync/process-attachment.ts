import { fileTask } from "#shared/messages.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { extractor } from "#functions/runtime/providers/extractor.ts";
import { seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { queueHandler } from "#functions/runtime/queue.ts";
import { processBatch } from "./process-page.ts";

/** Brings files up to date: the same work as a page's, with a text that another function extracts. */
export const handler = queueHandler({
  task: fileTask,
  needs: [database, seldomUsedTaskQueue, tokenCipher, confluence, embedder, extractor],
  run: async (...args) => processBatch("file", ...args),
});
