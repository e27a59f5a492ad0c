import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDatabaseSecret } from "#functions/runtime/database-secret.ts";

describe("parseDatabaseSecret", () => {
  it("parseDatabaseSecret reads a URL, alone or with its certificate authority", () => {
    const url = "postgres://sync:p%40ss@db.example:6543/app";
    expect(parseDatabaseSecret(` ${url}\n`)).toEqual({ url, password: "p@ss", ca: undefined, tls: true });
    expect(parseDatabaseSecret(`\n ${JSON.stringify({ url, ca: "PEM" })}\n`)).toEqual({
      url,
      password: "p@ss",
      ca: "PEM",
      tls: true,
    });
  });

  it("parseDatabaseSecret reads what RDS writes, whatever characters the password has", () => {
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

  it("parseDatabaseSecret reads a secret of RDS with its port as text, its authority, and without a database's name", () => {
    const fields = { host: "h.example", port: "5433", username: "sync", password: "secret", ca: "PEM" };
    expect(parseDatabaseSecret(JSON.stringify(fields))).toEqual({
      url: "postgres://sync:secret@h.example:5433/postgres",
      password: "secret",
      ca: "PEM",
      tls: true,
    });
  });

  it.each(["", "nonsense", "{", '{"host":"h"}', "https://db.example/", '{"url":"mysql://h/d"}'])(
    "parseDatabaseSecret refuses %j without repeating it",
    (text) => {
      expect(() => parseDatabaseSecret(text)).toThrow(/must be a postgres:\/\/ URL/);
    },
  );
});

describe("TLS", () => {
  it.each(["require", "prefer", "allow", "no-verify", "verify-ca", "verify-full"])(
    "TLS is verified completely whatever the URL asks for (sslmode=%s)",
    (mode) => {
      const asked = `postgres://h.example/d?sslmode=${mode}&channel_binding=require&application_name=x`;
      expect(parseDatabaseSecret(asked)).toMatchObject({
        url: "postgres://h.example/d?application_name=x",
        tls: true,
      });
    },
  );

  it("TLS is omitted on this machine only", () => {
    expect(parseDatabaseSecret("postgres://127.0.0.1:5/d?sslmode=disable").tls).toBe(false);
    for (const host of ["localhost", "[::1]"])
      expect(parseDatabaseSecret(`postgresql://${host}/d?sslmode=disable`)).toMatchObject({
        url: `postgresql://${host}/d`,
        tls: false,
      });
    expect(() => parseDatabaseSecret("postgres://10.0.0.7/d?sslmode=disable")).toThrow(
      expect.objectContaining({
        status: 500,
        code: "database_secret_invalid",
        message: expect.stringMatching(/without TLS/),
      }),
    );
  });
});
