import { describe, expect, it } from "vitest";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { optionalCalls, silentCalls, type SkippedCalls } from "#shared/syncs/optional-calls.ts";

type Site = Parameters<typeof optionalCalls>[0];

const NONE = {} as unknown as Site["sql"] & Site["log"] & Site["source"];
/** Attempts of rendering touch neither the database nor the log. */
function callsAt(clock: { now: number }, skipped: SkippedCalls = new Map()) {
  const source = { ...NONE, sourceId: "s", refusedCalls: {} };
  return optionalCalls({ source, sql: NONE, log: NONE, now: () => new Date(clock.now), skipped });
}

describe("calls that content does without", () => {
  it("optional calls are skipped for minutes after three consecutive timeouts, and then made again", async () => {
    const clock = { now: 0 };
    const calls = callsAt(clock);
    let made = 0;
    const hang = async () => {
      made += 1;
      throw new TransientError("timeout", "Confluence did not respond in time");
    };
    for (let n = 0; n < 10; n += 1) expect((await calls.attempt("rendered", hang)).ok).toBe(false);
    expect(made).toBe(3);
    clock.now = 6 * 60_000;
    expect(await calls.attempt("rendered", async () => "body")).toEqual({ ok: true, value: "body" });
    await calls.attempt("rendered", hang);
    await calls.attempt("rendered", hang);
    expect(made).toBe(5);
  });

  it("optional calls are made for each page where they fail at once", async () => {
    const calls = callsAt({ now: 0 });
    let made = 0;
    for (let n = 0; n < 10; n += 1)
      await calls.attempt("rendered", async () => {
        made += 1;
        throw new TransientError("confluence_failed", "Confluence returned 500");
      });
    expect(made).toBe(10);
  });

  it("optional calls throw a limit to wait for, and internal errors", async () => {
    for (const error of [new RateLimitedError("too many", 1000), new TypeError("a bug")]) {
      const fail = async () => {
        throw error;
      };
      await expect(silentCalls.attempt("names", fail)).rejects.toBe(error);
      await expect(callsAt({ now: 0 }).attempt("rendered", fail)).rejects.toBe(error);
    }
  });

  it("optional calls throw transient errors where the caller retries, and only those", async () => {
    const calls = callsAt({ now: 0 });
    const failing = (error: Error) => async () => {
      throw error;
    };
    const transient = new TransientError("confluence_failed", "Confluence returned 500");
    await expect(calls.attempt("rendered", failing(transient), { retryTransient: true })).rejects.toBe(
      transient,
    );
    const refused = new PermanentError("not_found", "Confluence has no such thing");
    expect(await calls.attempt("rendered", failing(refused), { retryTransient: true })).toEqual({
      ok: false,
      error: refused,
    });
  });
});
