import { sweep } from "#shared/syncs/sweep.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { eventSender } from "#functions/runtime/providers/event-sender.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each minute: sends lost work again, finishes operations, sends events, removes what is due. */
export const handler = scheduleHandler({ needs: [database, taskQueue, eventSender], run: sweep });
