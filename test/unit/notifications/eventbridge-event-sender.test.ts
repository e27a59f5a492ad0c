import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { describe, expect, it } from "vitest";
import { makeEventBridgeSender } from "#shared/notifications/eventbridge-event-sender.ts";

type Entry = { EventBusName: string; Source: string; DetailType: string; Detail: string };

function recording(refuse: (entry: Entry) => boolean) {
  const batches: Entry[][] = [];
  const client = new EventBridgeClient({ region: "eu-west-1" });
  client.middlewareStack.add(
    () => async (args) => {
      const { Entries } = args.input as unknown as { Entries: Entry[] };
      batches.push(Entries);
      const answers = Entries.map((entry) =>
        refuse(entry) ? { ErrorCode: "ThrottlingException" } : { EventId: "1" },
      );
      const failed = answers.filter((answer) => "ErrorCode" in answer).length;
      return { response: {}, output: { FailedEntryCount: failed, Entries: answers, $metadata: {} } };
    },
    { step: "initialize", priority: "high" },
  );
  return { client, batches };
}

const events = (count: number) =>
  Array.from({ length: count }, (_, id) => ({
    id,
    at: new Date("2026-01-02T03:04:05Z"),
    type: "source.credentials_expired" as const,
    detail: { source_id: "s", operation_id: "00000000-0000-4000-8000-000000000000" },
  }));

describe("the EventBridge sender", () => {
  it("the EventBridge sender sends ten events at a time, each with its number in the outbox", async () => {
    const { client, batches } = recording(() => false);
    await makeEventBridgeSender(client, "bus").send(events(23));
    expect(batches.map((batch) => batch.length)).toEqual([10, 10, 3]);
    expect(batches[2]?.[0]).toMatchObject({
      EventBusName: "bus",
      Source: "confluence-sync",
      DetailType: "source.credentials_expired",
    });
    expect(JSON.parse(batches[2]?.[0]?.Detail ?? "")).toMatchObject({ event_id: 20, source_id: "s" });
  });

  it("the EventBridge sender throws when one of them was refused although the call succeeded", async () => {
    const { client } = recording((entry) => JSON.parse(entry.Detail).event_id === 4);
    await expect(makeEventBridgeSender(client, "bus").send(events(5))).rejects.toMatchObject({
      name: "TransientError",
      details: { codes: ["ThrottlingException"] },
    });
  });
});
