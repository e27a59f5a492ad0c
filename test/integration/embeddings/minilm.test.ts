import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { loadSentenceEncoder } from "#shared/embeddings/minilm/sentence-encoder.ts";

const MODEL = new URL("../../../shared/embeddings/minilm/", import.meta.url);
const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

afterEach(() => {
  vi.doUnmock("onnxruntime-node");
  vi.resetModules();
});

it("the files of the embedded model are those of which its notice names source and checksum", () => {
  const notice = readFileSync(new URL("NOTICE", MODEL), "utf8");
  for (const file of ["model.onnx", "tokenizer.json"]) {
    const checksum = createHash("sha256")
      .update(readFileSync(new URL(file, MODEL)))
      .digest("hex");
    expect(notice).toMatch(new RegExp(`^${checksum}  ${file} `, "m"));
  }
  expect(readFileSync(new URL("LICENSE", MODEL), "utf8")).toContain("Apache License");
});

/**
 * Not for every system: none for Macs with Intel processors, for one. On Linux with an x64 processor it must be there: where it is absent, this compares
 * WebAssembly with itself.
 */
const hasNative =
  (process.platform === "linux" && process.arch === "x64") ||
  existsSync(
    new URL(
      `../../../node_modules/onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}`,
      import.meta.url,
    ),
  );

it("the native runtime and WebAssembly embed a text alike", async () => {
  const native = await loadSentenceEncoder();
  const wasm = await loadSentenceEncoder("wasm");
  expect([native.runtime, wasm.runtime]).toEqual([hasNative ? "native" : "wasm", "wasm"]);
  for (const text of [
    "How do I rotate the signing key?",
    "| Zone | Days |\n| --- | --- |\n| 1 | 30 |",
    "Die Datenbank antwortet nicht mehr: Verbindungsfehler",
    "如何重启生产服务器？",
    "const value = await fetch(url, { signal });",
    "a sentence that repeats itself. ".repeat(200),
    "",
  ]) {
    const [one, other] = [await native.encode(text), await wasm.encode(text)];
    expect(cosine(one, one)).toBeCloseTo(1, 5);
    expect(1 - cosine(one, other), text).toBeLessThan(1e-2);
  }
});

it("a text is cut at 256 tokens: what follows does not change its vector", async () => {
  const encoder = await loadSentenceEncoder();
  const vector = await encoder.encode("word ".repeat(254));
  expect(cosine(vector, await encoder.encode(`${"word ".repeat(254)}cake`))).toBeCloseTo(1, 5);
  expect(cosine(vector, await encoder.encode(`${"word ".repeat(253)}cake`))).toBeLessThan(0.9999);
});

it("where the native runtime is absent or broken, WebAssembly embeds", async () => {
  vi.doMock("onnxruntime-node", () => {
    throw new Error("libstdc++.so.6: version `GLIBCXX_3.4.32' not found");
  });
  const { loadSentenceEncoder: load } = await import("#shared/embeddings/minilm/sentence-encoder.ts");
  const encoder = await load();
  expect(encoder.runtime).toBe("wasm");
  expect(await encoder.encode("a text")).toHaveLength(384);
  await expect(load("native")).rejects.toThrow();
});
