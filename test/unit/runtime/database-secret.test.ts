import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { namesTlsMode, parseDatabaseSecret } from "#functions/runtime/database-secret.ts";

describe("parseDatabaseSecret", () => {
  it("reads a URL, alone or with its certificate authority", () => {
    const url = "postgres://sync:p%40ss@db.example:6543/app";
    expect(parseDatabaseSecret(` ${url}\n`)).toEqual({ url, password: "p@ss", ca: undefined });
    expect(parseDatabaseSecret(JSON.stringify({ url, ca: "PEM" }))).toEqual({
      url,
      password: "p@ss",
      ca: "PEM",
    });
  });

  it("reads what RDS writes, whatever characters the password has", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (username, password) => {
        const text = JSON.stringify({
          engine: "postgres",
          host: "h.example",
          port: 5433,
          username,
          password,
          dbname: "app",
        });
        const login = parseDatabaseSecret(text);
        expect(login.password).toBe(password);
        const url = new URL(login.url);
        expect(decodeURIComponent(url.username)).toBe(username);
        expect(decodeURIComponent(url.password)).toBe(password);
        expect([url.hostname, url.port, url.pathname]).toEqual(["h.example", "5433", "/app"]);
      }),
    );
  });

  it.each(["", "nonsense", "{", '{"host":"h"}', "https://db.example/", '{"url":"mysql://h/d"}'])(
    "refuses %j without repeating it",
    (text) => {
      expect(() => parseDatabaseSecret(text)).toThrow(/must be a postgres:\/\/ URL/);
    },
  );
});

describe("namesTlsMode", () => {
  it("leaves TLS to the URL only where the URL names it", () => {
    expect(namesTlsMode("postgres://h/d")).toBe(false);
    expect(namesTlsMode("postgres://h/d?application_name=x")).toBe(false);
    expect(namesTlsMode("postgres://h/d?sslmode=disable")).toBe(true);
  });
});
