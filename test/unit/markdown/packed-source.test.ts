import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { packedSource } from "#shared/markdown/elements/packed-source.ts";

const SOURCE = "graph TD\n\tA[Größe] --> B[100%]";
const base64 = (data: string | Uint8Array) => Buffer.from(data).toString("base64");

it.each([
  ["plain", SOURCE],
  ["URI-encoded", encodeURIComponent(SOURCE)],
  ["in Base64", base64(SOURCE)],
  ["URI-encoded and in Base64", base64(encodeURIComponent(SOURCE))],
  ["deflated", base64(deflateRawSync(SOURCE))],
  ["URI-encoded and deflated", base64(deflateRawSync(encodeURIComponent(SOURCE)))],
])("a source that is %s is read", (_, data) => {
  expect(packedSource(` ${data}\n`)).toBe(SOURCE);
});

it("a source that is said to be compressed is never taken for text", () => {
  expect(packedSource(base64(deflateRawSync(SOURCE)), true)).toBe(SOURCE);
  expect(packedSource(base64("graph TD; A-->B; B-->C"), true)).toBe("");
  expect(packedSource("A --> B", true)).toBe("");
});

it.each(["A-->B", "A_short_word_15", "50 % of 1 %zz"])("%j is no Base64, and stays as it is", (data) => {
  expect(packedSource(data)).toBe(data);
});

it.each([
  "Internationalization",
  "Roadmap-Overview-2026",
  base64(Uint8Array.of(0xde, 0xad, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)),
])("what decodes to no text is left out, not indexed as noise: %s", (data) => {
  expect(packedSource(data)).toBe("");
});

it("a source that unpacks to more than a megabyte is left out", () => {
  expect(packedSource(base64(deflateRawSync("a".repeat(1024 * 1024))))).toHaveLength(1024 * 1024);
  expect(packedSource(base64(deflateRawSync("a".repeat(1024 * 1024 + 1))))).toBe("");
});
