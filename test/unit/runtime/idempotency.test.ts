import { expect, it } from "vitest";
import { respondOnce } from "#functions/runtime/idempotency.ts";
import { eventOf } from "#test/support/call-handler.ts";

it.each([
  ["without a database to remember it in", { "idempotency-key": "retry-1" }],
  ["without an Idempotency-Key", {}],
])("a request %s is run each time, under an id of its own", async (_, headers) => {
  let ids = 0;
  const services = { now: () => new Date(0), newId: () => `id-${(ids += 1)}` };
  const ask = () =>
    respondOnce(eventOf("POST", "{}", { headers }), {}, services, async (resourceId) => ({
      status: 202,
      body: { resourceId },
      headers: {},
    }));
  expect([await ask(), await ask()]).toEqual([
    { status: 202, body: { resourceId: "id-1" }, headers: {} },
    { status: 202, body: { resourceId: "id-2" }, headers: {} },
  ]);
});
