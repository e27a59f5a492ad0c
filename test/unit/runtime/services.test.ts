import { afterEach, expect, it, vi } from "vitest";
import { resolveServices, withServices, type Provider } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

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
    name: "cipher",
    build: async () => {
      builds += 1;
      if (builds === 1) throw new Error("no key yet");
      return { ...cipher };
    },
  };
  const resolve = () => withServices(base, () => resolveServices([provider]));
  await expect(resolve()).rejects.toThrow("no key yet");
  expect((await resolve()).cipher).toBe((await resolve()).cipher);
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
    name: "reranker",
    build: (env, log) => {
      built.push(env, log);
      return null;
    },
  };
  await withServices(base, () => resolveServices([provider]));
  expect(built).toEqual([base.env, base.log]);
});

it("the log of a function on AWS has a metric in the line of an event that is one", async () => {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const { log } = await resolveServices([]);
  log.info("embeddings.created", { model: "m", embedding_tokens: 3 });
  const [line = ""] = written.filter((text) => text.includes("embeddings.created"));
  expect(line).toMatch(/\n$/);
  expect(JSON.parse(line)).toMatchObject({
    embedding_tokens: 3,
    _aws: { CloudWatchMetrics: expect.any(Array) as unknown },
  });
});
