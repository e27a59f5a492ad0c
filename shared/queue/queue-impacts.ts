import type { QueueName } from "#shared/messages.ts";

/** The impact on users of a message in a dead-letter queue, by queue: for alarms and for operators. */
export const QUEUE_IMPACTS: Readonly<Record<QueueName, string>> = {
  plan: "A sync stops in its listing; new edits of that space do not arrive until the sweeper resumes it.",
  page: "Some pages keep their previous content in search although Confluence has a newer version.",
  file: "Some files keep their previous text in search, or are not found, until the sweeper sends them again.",
  check: "Pages deleted in Confluence stay in search until the check is resumed.",
};
