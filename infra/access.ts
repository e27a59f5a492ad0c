import type { QueueName } from "#shared/messages.ts";

/** What a function may access: its IAM permissions and its environment follow from this alone. */
export type Access =
  | "database"
  | SendAccess
  | "encrypt-token"
  | "decrypt-token"
  /** For whom content is shown: settings alone. */
  | "show-content"
  /** Whose tokens the API takes: a setting alone. */
  | "name-issuer"
  | "embed"
  /** What embeddings cost: a setting alone. */
  | "price-embeddings"
  | "rerank"
  | "extract"
  | "verify"
  | "download-files"
  | "put-events"
  | "redrive"
  /** How full queues are, and what their dead letters are about. */
  | "read-queues";

type SendAccess = `send-${QueueName}`;

export function sendsMessages(access: Access): access is SendAccess {
  return access.startsWith("send-");
}

/** The queue that an access lets a function send to. */
export function queueSentTo(access: SendAccess): QueueName {
  return access.slice("send-".length) as QueueName;
}
