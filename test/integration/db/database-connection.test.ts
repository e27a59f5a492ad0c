import { createServer, type AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { database } from "#functions/runtime/providers/database.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { startAwsServices, type AwsServices } from "#test/lambda/aws-services.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { startTlsDatabase, testCertificate, type TlsDatabase } from "#test/support/tls-database.ts";

const ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:database-AbCdEf";
const PASSWORD = "before the rotation";
const TLS_HANDSHAKE = 0x16;
const silent = makeLog(
  "silent",
  () => {},
  () => new Date(),
);
const trusted = testCertificate("localhost");

describe("a function's connection to its database", () => {
  const secrets: Record<string, string> = {};
  let services: AwsServices;
  let upstream: TestDatabase;
  const opened: { close: () => Promise<void> }[] = [];

  beforeAll(async () => {
    services = await startAwsServices(secrets);
    vi.stubEnv("AWS_ENDPOINT_URL", services.url);
    vi.stubEnv("AWS_REGION", "us-east-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
    upstream = await createTestDatabase();
    // PGlite has one session, and it is the function's.
    await upstream.sql.end();
  });
  afterEach(async () => {
    for (const one of opened.splice(0).toReversed()) await one.close();
  });
  afterAll(async () => {
    await upstream.close();
    await services.close();
    vi.unstubAllEnvs();
  });

  async function startServer(certificate = trusted): Promise<TlsDatabase> {
    const server = await startTlsDatabase(await upstream.listen(), certificate, PASSWORD);
    opened.push(server);
    return server;
  }

  async function connectBy(secret: { url: string; password?: string; ca?: string }) {
    const url = new URL(secret.url);
    url.password = secret.password ?? PASSWORD;
    secrets[ARN] = JSON.stringify({ url: url.href, ...(secret.ca ? { ca: secret.ca } : {}) });
    const sql = await database.build(parseEnv({ DATABASE_SECRET_ARN: ARN }), silent);
    opened.push({ close: () => sql.end({ timeout: 1 }) });
    return sql;
  }

  it("a database connection is made when the certificate authority in the secret signed the server's certificate", async () => {
    const server = await startServer();
    const sql = await connectBy({ url: server.url, ca: trusted.cert });
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    expect(server.admitted()).toBe(1);
  });

  it("a database on this machine is connected to without TLS where its URL says so", async () => {
    const url = new URL(await upstream.listen());
    url.searchParams.set("sslmode", "disable");
    const sql = await connectBy({ url: url.href });
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  it("a database connection is refused when the server's certificate has an unknown signer", async () => {
    const server = await startServer();
    const sql = await connectBy({ url: server.url });
    await expect(sql`select 1`).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    expect(server.admitted()).toBe(0);
  });

  it.each(["require", "prefer", "no-verify"])(
    "a database connection with an unknown signer is also refused when the URL asks for less (sslmode=%s)",
    async (mode) => {
      const server = await startServer();
      const sql = await connectBy({ url: `${server.url}?sslmode=${mode}&channel_binding=require` });
      await expect(sql`select 1`).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
      expect(server.admitted()).toBe(0);
    },
  );

  it("a database connection is refused when the certificate is another server's", async () => {
    const other = testCertificate("other.example");
    const server = await startServer(other);
    const sql = await connectBy({ url: server.url, ca: other.cert });
    await expect(sql`select 1`).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(server.admitted()).toBe(0);
  });

  it("a database connection is refused when the server does not support TLS", async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.once("data", () => {
        socket.write("N");
        socket.once("data", (chunk) => {
          heard.push(chunk);
          socket.destroy();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    opened.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const { port } = server.address() as AddressInfo;
    const sql = await connectBy({ url: `postgres://postgres@localhost:${port}/postgres`, ca: trusted.cert });
    await expect(sql`select 1`).rejects.toThrow();
    // TLS's own first record all the same: nothing was said in the clear.
    expect(heard.map((chunk) => chunk[0])).toEqual([TLS_HANDSHAKE]);
  });

  // Of some hundred runs one lost the query that was written while its socket ended: postgres.js settles it neither way.
  const mayLoseAQuery = { retry: 2, timeout: 15_000 };
  it(
    "a database connection uses the current password: a rotation while the function is warm",
    mayLoseAQuery,
    async () => {
      const server = await startServer();
      const sql = await connectBy({ url: server.url, ca: trusted.cert });
      await sql`select 1`;

      server.setPassword("after the rotation");
      expect(await sql`select 1 as one`, "an open connection goes on").toEqual([{ one: 1 }]);
      server.disconnect();
      const url = new URL(server.url);
      url.password = "after the rotation";
      secrets[ARN] = JSON.stringify({ url: url.href, ca: trusted.cert });
      await sql`select 1`.catch(() => {});
      expect(await sql`select 2 as two`).toEqual([{ two: 2 }]);
      expect(server.admitted()).toBeGreaterThan(1);
    },
  );
});
