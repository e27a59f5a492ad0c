import type { Duplex } from "node:stream";
import { PGlite } from "@electric-sql/pglite";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { embeddedConnections, type EmbeddedConnections } from "#infra/local/runner/embedded-connection.ts";
import { embeddedImage } from "#test/support/databases/image.ts";

let db: PGlite;
let connections: EmbeddedConnections;
beforeAll(async () => {
  const { vector } = await import("@electric-sql/pglite-pgvector");
  db = await PGlite.create({ extensions: { vector }, loadDataDir: await embeddedImage() });
  await db.exec("create table notes (id integer primary key, text text not null)");
  connections = embeddedConnections(db);
});
afterAll(async () => {
  await connections.close();
  await db.close();
});

/** `through`: what stands between the client and the database. */
function clientOf(through: (stream: Duplex) => Duplex = (stream) => stream) {
  const options = { max: 1, onnotice: () => {}, socket: () => through(connections.open()) };
  return postgres("postgres://postgres@embedded/postgres", options);
}

it("a client of the embedded database reads, writes, fails and goes on as with a server, and no port listens", async () => {
  const before = listening();
  const sql = clientOf();
  await sql`insert into notes values (1, 'one'), (2, ${"two ".repeat(100_000)})`;
  await expect(sql`insert into notes values (1, 'again')`).rejects.toMatchObject({ code: "23505" });
  await expect(sql`select nothing from notes`).rejects.toMatchObject({ code: "42703" });
  await expect(
    sql.begin(async (tx) => {
      await tx`delete from notes`;
      await tx`select 1 / ${0}::int`;
    }),
  ).rejects.toMatchObject({ code: "22012" });
  // Sent without waiting for each other.
  const lengths = await Promise.all(
    Array.from(
      { length: 50 },
      (_, index) => sql`select length(text) as of from notes where id = ${(index % 2) + 1}`,
    ),
  );
  expect(lengths.map(([row]) => row?.["of"] as number)).toEqual(
    Array.from({ length: 50 }, (_, index) => (index % 2 ? 400_000 : 3)),
  );
  expect(listening()).toBe(before);
  await sql.end();
});

it("messages that come in pieces of any size are the messages that were sent", async () => {
  for (const bytes of [1, 3, 7, 64]) {
    const sql = clientOf((stream) => inPieces(stream, bytes));
    expect(await sql`select ${"a text"}::text as text, ${bytes}::int as bytes`).toEqual([
      { text: "a text", bytes },
    ]);
    await expect(sql`select 1 / ${0}::int`).rejects.toMatchObject({ code: "22012" });
    await sql.end();
  }
});

it("a client that is gone leaves no transaction and no prepared statement to the next one", async () => {
  let stream: Duplex | undefined;
  const gone = clientOf((opened) => (stream = opened));
  const lost = gone.begin(async (tx) => {
    await tx`insert into notes values (3, ${"three"})`;
    stream?.destroy();
    await tx`select 1`;
  });
  await expect(lost).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  await gone.end({ timeout: 0 });

  const next = clientOf();
  expect(await next`select id from notes where id = 3`).toEqual([]);
  const [prepared] =
    await next`select count(*)::int as count from pg_prepared_statements where statement like '%notes%'`;
  // Its own two.
  expect(prepared).toEqual({ count: 2 });
  await next.end();
});

it("a second client is refused while the first one is connected, and served when it has ended", async () => {
  const [first, second] = [clientOf(), clientOf()];
  await first`select 1`;
  await expect(second`select 1`).rejects.toThrow("The embedded database has one session");
  await first.end();
  expect(await second`select 2 as two`).toEqual([{ two: 2 }]);
  await second.end();
});

const listening = () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;

function inPieces(stream: Duplex, bytes: number): Duplex {
  const write = stream.write.bind(stream) as (chunk: Buffer) => boolean;
  return Object.assign(stream, {
    write: (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += bytes) write(chunk.subarray(at, at + bytes));
      return true;
    },
  });
}
