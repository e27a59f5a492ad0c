import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { required } from "#shared/env.ts";
import { makeEventBridgeSender } from "#shared/notifications/eventbridge-event-sender.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** EventBridge, on the bus of EVENT_BUS_NAME. */
export const eventSender: Provider<"events"> = {
  name: "events",
  build: (env) => makeEventBridgeSender(new EventBridgeClient({}), required(env, "EVENT_BUS_NAME")),
};
