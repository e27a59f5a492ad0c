import { expect, it } from "vitest";
import { readLines } from "#infra/local/read-lines.ts";

async function linesOf(...parts: (string | Uint8Array)[]): Promise<string[]> {
  async function* stream() {
    yield* parts;
  }
  const lines: string[] = [];
  for await (const line of readLines(stream())) lines.push(line);
  return lines;
}

it("lines end at line feeds alone, not at the other line separators of Unicode", async () => {
  expect(await linesOf('{"a":"\u2028\u2029\u0085\f\r\v"}\nb\r\n\nc')).toEqual([
    '{"a":"\u2028\u2029\u0085\f\r\v"}',
    "b",
    "",
    "c",
  ]);
});

it("a line and a letter may come in parts", async () => {
  const bytes = Buffer.from("ab\u2028ü\nc\n");
  expect(await linesOf(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(["ab\u2028ü", "c"]);
});

it("a stream without a text has no lines", async () => {
  expect(await linesOf()).toEqual([]);
  expect(await linesOf("")).toEqual([]);
});
