import { describe, expect, it } from "vitest";
import { bundleConsole } from "#infra/local/console/bundle.ts";
import { serveConsole } from "#infra/local/console/serve-console.ts";

const text = (response: Awaited<ReturnType<typeof serveConsole>>) =>
  Buffer.from(response?.body ?? "", "base64").toString();

describe("the console's files", () => {
  it("the page has no inline code and no inline style, and loads only what is served beside it", async () => {
    const html = text(await serveConsole("/console"));
    expect(html).not.toMatch(/<style|style=|\son\w+=|javascript:/i);
    expect([...html.matchAll(/<script[^>]*>([^<]*)<\/script>/g)].map((match) => match[1])).toEqual([""]);
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(loaded.filter((url) => url !== "data:,")).toEqual(["/console/app.css", "/console/app.js"]);
    for (const path of loaded.filter((url) => url.startsWith("/")))
      expect((await serveConsole(path))?.statusCode).toBe(200);
  });

  it.each(["/console", "/console/app.js", "/console/app.css"])(
    "%s allows code and requests of its own host only, and no text to become HTML",
    async (path) => {
      const { headers } = (await serveConsole(path)) ?? {};
      const policy = new Map(
        (headers?.["content-security-policy"] ?? "").split("; ").map((directive) => {
          const [name = "", ...values] = directive.split(" ");
          return [name, values.join(" ")] as const;
        }),
      );
      expect(Object.fromEntries(policy)).toEqual({
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
      });
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
      });
    },
  );

  it("a file that the browser has is not sent again", async () => {
    const first = await serveConsole("/console/app.js");
    const again = await serveConsole("/console/app.js", first?.headers.etag);
    expect([again?.statusCode, again?.body]).toEqual([304, undefined]);
    expect((await serveConsole("/console/app.js", '"other"'))?.statusCode).toBe(200);
  });

  it("any other path is not the console's", async () => {
    for (const path of [
      "/",
      "/consoles",
      "/console/main.tsx",
      "/console/../package.json",
      "/console/%2e%2e/x",
    ])
      expect(await serveConsole(path)).toBeNull();
    expect(await serveConsole("/console/")).toMatchObject({
      statusCode: 308,
      headers: { location: "/console" },
    });
  });

  it("everything together is at most 60 kB after gzip, and of nothing but the console", async () => {
    const files = await bundleConsole();
    expect(files.reduce((sum, { gzipped }) => sum + gzipped, 0)).toBeLessThanOrEqual(60_000);
    const script = files.find(({ path }) => path === "/console/app.js")?.bytes.toString() ?? "";
    // Of the contracts only types are imported: zod would be 100 kB.
    expect(script).not.toMatch(/ZodError|node:|process\.env/);
    expect(script).toContain("Copyright");
  });
});
