import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { ownProcessExtractor } from "#functions/runtime/providers/own-process-extractor.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

const lines: Record<string, unknown>[] = [];
const log = makeLog(
  "info",
  (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
  () => new Date(0),
);
beforeEach(() => {
  lines.length = 0;
});

describe("a file that is read in the function's own process", () => {
  async function startHost() {
    const host = createServer((_, response) => response.end("Zeppelin gearbox")).listen(0, "127.0.0.1");
    await once(host, "listening");
    onTestFinished(() => {
      host.closeAllConnections();
      host.close();
    });
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/file/7`;
    return { url, name: "plans.txt", media_type: "text/plain", max_bytes: 100 };
  }
  const build = (variables: Record<string, string>) => ownProcessExtractor.build(parseEnv(variables), log);

  it("a file is downloaded, read and logged without its text", async () => {
    const read = await build({ ALLOW_LOOPBACK: "true" });
    expect(await read(await startHost())).toMatchObject({
      result: "text",
      parts: [{ markdown: "Zeppelin gearbox" }],
    });
    expect(lines).toMatchObject([{ event: "file.extracted", result: "text", file_bytes: 16 }]);
    expect(JSON.stringify(lines)).not.toContain("Zeppelin");
  });

  it("a file on this machine, or of a host that is not named, is not downloaded", async () => {
    const file = await startHost();
    const read = await build({ MEDIA_HOSTS: "media.example" });
    await expect(read(file)).rejects.toMatchObject({ name: "PermanentError", code: "address_refused" });
    await expect(read({ ...file, url: "https://other.example/file/7" })).rejects.toMatchObject({
      code: "address_refused",
      message: expect.stringContaining("media.example") as string,
    });
  });

  it("without the data of a language no function is started that is to recognize text", async () => {
    await expect(async () => build({ OCR: "local", OCR_DATA: "/nonexistent" })).rejects.toMatchObject({
      code: "invalid_environment",
      message: expect.stringContaining("OCR_DATA") as string,
    });
    expect(await build({ OCR: "none", OCR_DATA: "/nonexistent" })).toBeTypeOf("function");
  });
});
