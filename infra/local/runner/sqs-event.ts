import type { Message } from "@aws-sdk/client-sqs";
import type { SQSEvent, SQSMessageAttributes, SQSRecord } from "aws-lambda";
import { z } from "zod";
import { LOCAL_REGION } from "./invoke.ts";

/** A batch of received messages as Lambda passes it to the function. */
export function toSqsEvent(messages: readonly Message[], queueArn: string): SQSEvent {
  return { Records: messages.map((message) => toRecord(message, queueArn)) };
}

function toRecord(message: Message, queueArn: string): SQSRecord {
  const attributes = message.Attributes ?? {};
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    attributes: {
      ApproximateReceiveCount: attributes.ApproximateReceiveCount ?? "1",
      SentTimestamp: attributes.SentTimestamp ?? "0",
      SenderId: attributes.SenderId ?? "",
      ApproximateFirstReceiveTimestamp: attributes.ApproximateFirstReceiveTimestamp ?? "0",
      ...(attributes.MessageGroupId ? { MessageGroupId: attributes.MessageGroupId } : {}),
    },
    messageAttributes: toMessageAttributes(message.MessageAttributes ?? {}),
    md5OfBody: message.MD5OfBody ?? "",
    ...(message.MD5OfMessageAttributes ? { md5OfMessageAttributes: message.MD5OfMessageAttributes } : {}),
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: LOCAL_REGION,
  };
}

function toMessageAttributes(attributes: NonNullable<Message["MessageAttributes"]>): SQSMessageAttributes {
  const converted: SQSMessageAttributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    converted[name] = {
      dataType: value.DataType ?? "String",
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined
        ? {}
        : { binaryValue: Buffer.from(value.BinaryValue).toString("base64") }),
      // Always present and always empty: AWS reserves them.
      stringListValues: [],
      binaryListValues: [],
    };
  }
  return converted;
}

const partialBatchResponse = z
  .looseObject({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullable();

/**
 * The ids of failed messages in a function's response with `ReportBatchItemFailures`. No response or an empty list: all succeeded.
 * An invalid response (no list, an id that is missing, empty or not of this batch) fails the whole batch, as in Lambda
 * (docs.aws.amazon.com/lambda, "Handling errors for an SQS event source").
 */
export function failedMessageIds(response: unknown, batch: readonly string[]): Set<string> {
  if (response === undefined || response === "") return new Set();
  const parsed = partialBatchResponse.safeParse(response);
  if (!parsed.success) return new Set(batch);
  const ids = (parsed.data?.batchItemFailures ?? []).map((failure) => failure.itemIdentifier);
  return new Set(ids.every((id) => batch.includes(id)) ? ids : batch);
}
