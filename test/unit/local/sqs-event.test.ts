import { describe, expect, it } from "vitest";
import { failedMessageIds, toSqsEvent } from "#infra/local/runner/sqs-event.ts";

const batch = ["a", "b", "c"];
const failures = (...ids: unknown[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe("a partial batch response", () => {
  it.each([[undefined], [null], [""], [{}], [{ batchItemFailures: null }], [{ batchItemFailures: [] }]])(
    "a partial batch response of %j means that every message succeeded",
    (answer) => {
      expect(failedMessageIds(answer, batch)).toEqual(new Set());
    },
  );

  it("a partial batch response names the messages that failed", () => {
    expect(failedMessageIds(failures("c", "a", "c"), batch)).toEqual(new Set(["a", "c"]));
  });

  it.each([
    ["text", "done"],
    ["a number", 7],
    ["a list", []],
    ["no list of failures", { batchItemFailures: {} }],
    ["an empty id", failures("a", "")],
    ["a null id", failures(null)],
    ["a missing id", { batchItemFailures: [{ id: "a" }] }],
    ["an id of another batch", failures("a", "z")],
  ])("a partial batch response fails the whole batch for %s", (_what, answer) => {
    expect(failedMessageIds(answer, batch)).toEqual(new Set(batch));
  });
});

describe("an SQS event", () => {
  it("an SQS event has the shape that Lambda sends", () => {
    const message = {
      MessageId: "m-1",
      ReceiptHandle: "r-1",
      Body: "{}",
      MD5OfBody: "99914b932bd37a50b983c5e7c90ae93b",
      Attributes: {
        ApproximateReceiveCount: "2",
        SentTimestamp: "1767225600000",
        SenderId: "000000000000",
        ApproximateFirstReceiveTimestamp: "1767225601000",
        MessageGroupId: "source-1",
      },
      MessageAttributes: { trace: { DataType: "String", StringValue: "t" } },
      MD5OfMessageAttributes: "0bee89b07a248e27c83fc3d5951213c1",
    };
    expect(toSqsEvent([message], "arn:aws:sqs:us-east-1:000000000000:q")).toEqual({
      Records: [
        {
          messageId: "m-1",
          receiptHandle: "r-1",
          body: "{}",
          attributes: message.Attributes,
          messageAttributes: {
            trace: { dataType: "String", stringValue: "t", stringListValues: [], binaryListValues: [] },
          },
          md5OfBody: message.MD5OfBody,
          md5OfMessageAttributes: message.MD5OfMessageAttributes,
          eventSource: "aws:sqs",
          eventSourceARN: "arn:aws:sqs:us-east-1:000000000000:q",
          awsRegion: "us-east-1",
        },
      ],
    });
  });
});
