import { describe, expect, it } from "vitest";
import { discardResponse, readResponse } from "#shared/confluence/response-body.ts";
import { TransientError } from "#shared/errors.ts";

const KB = 2 ** 10;

/** A body in these parts; `begun`: how many of them were asked for, `isClosed`: whether its reader is done with it. */
function bodyOf(...parts: (Buffer | Error)[]) {
  const told = { begun: 0, isClosed: false };
  const body = (async function* () {
    try {
      for (const part of parts) {
        told.begun += 1;
        if (part instanceof Error) throw part;
        yield part;
      }
    } finally {
      told.isClosed = true;
    }
  })();
  return { body, told };
}

const broken = () => new TransientError("connection_failed", "broken");
const read = (body: AsyncIterable<Uint8Array> | null, maxBytes = 1000) =>
  readResponse(body, maxBytes, broken);

describe("a response that is read", () => {
  it("a response that is read may come in parts, even within a letter", async () => {
    const bytes = Buffer.from('{"title":"Größe"}');
    const within = bytes.indexOf("ß") + 1;
    expect(await read(bodyOf(bytes.subarray(0, within), bytes.subarray(within)).body)).toEqual({
      title: "Größe",
    });
  });

  it("a response that is read may be as long as the limit, over all its parts, and is not read beyond it", async () => {
    const parts = [Buffer.from(`"${"x".repeat(498)}`), Buffer.from(`${"x".repeat(500)}"`)];
    expect(await read(bodyOf(...parts).body)).toBe("x".repeat(998));
    const { body, told } = bodyOf(...parts, Buffer.from(" "), Buffer.from(" "));
    await expect(read(body)).rejects.toMatchObject({ name: "PermanentError", code: "answer_too_large" });
    expect(told).toEqual({ begun: 3, isClosed: true });
  });

  it.each([
    ["a web page", Buffer.from("<!doctype html>"), 15],
    ["half of an object", Buffer.from('{"a":'), 5],
    ["nothing", Buffer.from(""), 0],
  ])("a response that is read is no answer if it is %s", async (_, bytes, length) => {
    await expect(read(bodyOf(bytes).body)).rejects.toMatchObject({
      name: "PermanentError",
      code: "invalid_answer",
      details: { length },
    });
  });

  it("a response that is read is no answer without a body", async () => {
    await expect(read(null)).rejects.toMatchObject({ code: "invalid_answer", details: { length: 0 } });
  });

  it("a response that is read that breaks off is what its reader makes of it", async () => {
    const { body } = bodyOf(Buffer.from("{}"), new TypeError("terminated"));
    await expect(read(body)).rejects.toMatchObject({ code: "connection_failed" });
  });
});

describe("a response that is discarded", () => {
  it("a response that is discarded is read to its end, so that its connection can carry another request", async () => {
    const { body, told } = bodyOf(Buffer.from("Grö"), Buffer.from("ße"));
    expect(await discardResponse(body)).toBe("Größe");
    expect(told).toEqual({ begun: 2, isClosed: true });
    expect(await discardResponse(null)).toBe("");
  });

  it("a response that is discarded is cut off after 64 KB, of which the beginning is told", async () => {
    const half = Buffer.alloc(32 * KB, "x");
    const whole = bodyOf(half, half);
    expect(await discardResponse(whole.body)).toHaveLength(64 * KB);
    const { body, told } = bodyOf(half, half, Buffer.from("y"), half);
    expect(await discardResponse(body)).toBe("x".repeat(64 * KB));
    expect(told).toEqual({ begun: 3, isClosed: true });
  });

  it("a response that is discarded may break off: what it said until then is told", async () => {
    const { body } = bodyOf(Buffer.from("scope does"), new TypeError("terminated"));
    expect(await discardResponse(body)).toBe("scope does");
  });
});
