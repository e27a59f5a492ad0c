import type { Context, SQSEvent } from "aws-lambda";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { queueHandler } from "#functions/runtime/queue.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";
import { resolveServices, withServices, type Provider } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { eventOf, things } from "#test/support/call-handler.ts";

const base = {
  env: parseEnv({}),
  log: makeLog(
    "silent",
    () => {},
    () => new Date(0),
  ),
};
const cipher = { encrypt: async (token: string) => token, decrypt: async (token: string) => token };

afterEach(() => {
  vi.restoreAllMocks();
});

it("a service that could not be built is built again by the next invocation, and then kept", async () => {
  let builds = 0;
  const provider: Provider<"cipher"> = {
    // No other file builds a service of this name, and each is built once in a process.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    name: "built again" as "cipher",
    build: async () => {
      builds += 1;
      if (builds === 1) throw new Error("no key yet");
      return { ...cipher };
    },
  };
  const resolve = () => withServices(base, () => resolveServices([provider]));
  await expect(resolve()).rejects.toThrow("no key yet");
  const resolved = (await resolve())[provider.name];
  expect(resolved).toMatchObject(cipher);
  expect((await resolve())[provider.name]).toBe(resolved);
  expect(builds).toBe(2);
});

it("a service that is given is taken as it is, and nothing is built", async () => {
  const provider: Provider<"events"> = {
    name: "events",
    build: () => {
      throw new Error("Nothing is to be built");
    },
  };
  const events = { send: async () => {} };
  const given = {
    ...base,
    events,
    now: () => new Date(7),
    newId: () => "an id",
    random: () => 0.25,
    vectorNumbersAtOnce: 100,
  };
  const services = await withServices(given, () => resolveServices([provider]));
  expect(services).toEqual(given);
  expect(services.events).toBe(events);
});

it("what is not needed is not built, and any number of vectors is stored at once", async () => {
  const services = await withServices(base, () => resolveServices([]));
  expect(Object.keys(services).toSorted()).toEqual([
    "env",
    "log",
    "newId",
    "now",
    "random",
    "vectorNumbersAtOnce",
  ]);
  expect(services.vectorNumbersAtOnce).toBeNull();
});

it("a service is built from the environment, with the log of the invocation", async () => {
  const built: unknown[] = [];
  const provider: Provider<"reranker"> = {
    // No other file builds a service of this name, and each is built once in a process.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    name: "built from the environment" as "reranker",
    build: (env, log) => {
      built.push(env, log);
      return null;
    },
  };
  await withServices(base, () => resolveServices([provider]));
  expect(built).toEqual([base.env, base.log]);
});

it("services that are not given are the machine's clock, ids and randomness", async () => {
  const { now, newId, random } = await withServices({ env: parseEnv({}) }, () => resolveServices([]));
  const before = Date.now();
  expect(now().getTime()).toBeGreaterThanOrEqual(before);
  expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId()).not.toBe(newId());
  expect(random()).not.toBe(random());
});

describe("the log of a function on AWS", () => {
  /** The lines that are written meanwhile. */
  async function written(work: () => Promise<unknown>): Promise<string[]> {
    const lines: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    await work();
    return lines;
  }

  it("the log of a function on AWS has a metric in the line of an event that is one", async () => {
    const lines = await written(async () => {
      const { log } = await resolveServices([]);
      log.info("embeddings.created", { model: "m", embedding_tokens: 3 });
    });
    const [line = ""] = lines.filter((text) => text.includes("embeddings.created"));
    expect(line).toMatch(/\n$/);
    expect(JSON.parse(line)).toMatchObject({
      embedding_tokens: 3,
      _aws: { CloudWatchMetrics: expect.any(Array) as unknown },
    });
  });

  const scheduled = scheduleHandler({
    needs: [],
    run: async ({ log }) => {
      log.info("sweep.finished", {});
    },
  });
  const worker = queueHandler({ task: z.object({}), needs: [], run: async () => [{ ok: true }] });
  const api = httpHandler(route(things("GET"))([], async () => ({ status: 200, body: { calls: 1 } })));
  const record = { Records: [{ messageId: "m", body: "{}" }] };
  it.each<[string, string, (context: Context) => Promise<unknown>]>([
    ["a schedule", "sweep.finished", async (context) => scheduled({}, context)],
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    ["a queue", "record.completed", async (context) => worker(record as SQSEvent, context)],
    ["the API", "request.completed", async (context) => api(eventOf("GET"), context)],
  ])("the lines of a function of %s name the invocation that they belong to", async (_, event, invoke) => {
    const lines = await written(async () => {
      for (const awsRequestId of ["first-invocation", "second-invocation"])
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        await invoke({ awsRequestId, getRemainingTimeInMillis: () => 29_000 } as Context);
    });
    const own = lines.filter((line) => line.includes(event));
    expect(own).toHaveLength(2);
    expect(own[0]).toContain("first-invocation");
    expect(own[1]).toContain("second-invocation");
    expect(own[1]).not.toContain("first-invocation");
  });
});
