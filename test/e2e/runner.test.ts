import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context, SQSEvent } from "aws-lambda";
import type { Topology } from "#infra/local/runner/topology-types.ts";
import type { Handler } from "#infra/local/runner/invoke.ts";
import { startLocalRunner } from "#infra/local/runner/start.ts";
import { chosenModel } from "#shared/embeddings/embedding-models.ts";
import { resolveServices } from "#functions/runtime/services.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { makeDataFolder } from "#test/support/data-folder.ts";
import { embeddedImage } from "#test/support/databases/image.ts";
import { eventually } from "#test/support/eventually.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { spawnRunner } from "#test/support/runner-process.ts";

const functionOf = { entry: "", timeoutSeconds: 29, memoryMb: 128 };
const topology: Topology = {
  functions: { "get-title": functionOf, "set-title": functionOf },
  queues: {
    plan: {
      worker: "set-title",
      visibilityTimeoutSeconds: 60,
      batchSize: 1,
      batchWindowSeconds: 0,
      maxConcurrency: 1,
      maxReceiveCount: 3,
    },
  },
  routes: [{ method: "GET", path: "/title", function: "get-title", scope: "search" }],
  schedules: {},
};

/** A function that a request invokes and one that a queue invokes, both on the runner's database. */
const handlers = new Map<string, Handler>([
  [
    "get-title",
    async () => {
      const { sql } = await resolveServices([database]);
      const [row] = await sql`select title from titles`;
      return { title: row?.title ?? null };
    },
  ],
  [
    "set-title",
    async (event: SQSEvent, context: Context) => {
      const { sql } = await resolveServices([database]);
      await sql`insert into titles values (${`${event.Records[0]?.body} by ${context.functionName}`})`;
    },
  ],
]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("the local runner", () => {
  it("the local runner joins gateway, queues and database around the handlers", async () => {
    const runner = await startTestRunner({ topology, handlers });
    await runner.services.sql`create table titles (title text)`;
    const title = async () => (await fetch(`${runner.url}/title`)).json();
    expect(await title()).toEqual({ title: null });
    const task = { operation_id: crypto.randomUUID(), source_id: "s" };
    await runner.services.queue.send("plan", [task]);
    await eventually(async () =>
      expect(await title()).toEqual({ title: `${JSON.stringify(task)} by set-title` }),
    );
    await runner.close();
    await expect(fetch(`${runner.url}/title`)).rejects.toThrow("fetch failed");
  });

  it("the local runner reopens its embedded database in its data folder", async () => {
    const options = await embedded(join(folder, "data"));
    const first = await startLocalRunner(options);
    await first.services.sql`create table titles (title text)`;
    await first.services.sql`insert into titles values ('kept')`;
    await first.close();

    const second = await startLocalRunner(options);
    expect(await (await fetch(`${second.url}/title`)).json()).toEqual({ title: "kept" });
    await second.close();
  });

  it("the local runner does not start on a database migrated by a newer version, and names the version it needs", async () => {
    const options = await embedded(join(folder, "data"));
    const first = await startLocalRunner(options);
    await first.services.sql`insert into schema_migrations (name) values ('999999_future.sql')`;
    await first.close();
    await expect(startLocalRunner(options)).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/newer version \(999999_future\.sql\).*Run the newer version/),
    });
  });

  it("the local runner creates the database again when the process that created it was killed before completion", async () => {
    const dataDir = join(folder, "data");
    await mkdir(join(dataDir, "database.new"), { recursive: true });
    await writeFile(join(dataDir, "database.new", "PG_VERSION"), "17");
    const runner = await startLocalRunner({ dataDir, env: { LOG_LEVEL: "silent" }, topology, handlers });
    expect(existsSync(join(dataDir, "database.new"))).toBe(false);
    await runner.close();
  });

  it("the local runner waits for running invocations when it stops, and accepts no new ones", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const slow = new Map<string, Handler>([
      [
        "get-title",
        async () => {
          begun.resolve();
          await release.promise;
          return { title: "slow" };
        },
      ],
      ["set-title", () => null],
    ]);
    const runner = await startTestRunner({ topology, handlers: slow });
    const answer = fetch(`${runner.url}/title`);
    await begun.promise;
    const closed = runner.close();
    await eventually(() => expect(fetch(`${runner.url}/title`)).rejects.toThrow("fetch failed"));
    release.resolve();
    expect(await (await answer).json()).toEqual({ title: "slow" });
    await closed;
  });

  it("the local runner keeps the sources' model when the model to change to cannot be reached", async () => {
    const dataDir = join(folder, "data");
    const options = await embedded(dataDir);
    const start = (env: Record<string, string>) =>
      startLocalRunner({ ...options, env: { ...options.env, ...env } });
    await (await start({})).close();
    const peer = createServer((socket) => void socket.destroy());
    const url = `http://127.0.0.1:${await listen(peer)}`;
    await expect(start({ EMBEDDINGS: "openai", EMBEDDINGS_URL: url })).rejects.toThrow(
      /^The model text-embedding-3-small@1536 cannot be used: .*cannot be reached.*Check EMBEDDINGS, EMBEDDINGS_URL/,
    );
    peer.close();
    const again = await start({});
    expect(await chosenModel(again.services.sql)).toBe(again.services.embedder.model);
    await again.close();
  });

  it.each([
    ["replies with something else", (socket: Socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["greets as an SSH server", (socket: Socket) => void socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
    ["closes each connection", (socket: Socket) => void socket.destroy()],
  ])(
    "the local runner reports that no Postgres listens at DATABASE_URL when the server there %s",
    async (_what, onConnection) => {
      let connections = 0;
      const peer = createServer((socket) => {
        connections += 1;
        socket.on("error", () => {});
        socket.once("data", () => onConnection(socket));
      });
      const port = await listen(peer);
      const env = { DATABASE_URL: `postgres://u:s3cret@127.0.0.1:${port}/x` };
      const started = startTestRunner({ topology, handlers, env });
      await expect(started).rejects.toThrow(
        /^No connection to postgres:\/\/u@127\.0\.0\.1:\d+\/x: the server there is not Postgres: it .*Check DATABASE_URL/,
      );
      expect(connections).toBe(1);
      peer.close();
    },
  );

  it("the local runner releases what it had acquired when it cannot start", async () => {
    const taken = createServer();
    const port = await listen(taken);
    const dataDir = join(folder, "data");
    await expect(startTestRunner({ topology, handlers, dataDir, port })).rejects.toMatchObject({
      code: "port_taken",
    });
    taken.close();
    const runner = await startTestRunner({ topology, handlers, dataDir });
    await runner.close();
    expect(existsSync(join(dataDir, "runner.pid"))).toBe(false);
  });
});

describe("npm start", () => {
  it("npm start prints in one line its address, database and embedder, and ends on SIGTERM", async () => {
    const runner = await spawnRunner({ DATA_DIR: join(folder, "data"), LOG_LEVEL: "silent" });
    expect(runner.output()).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+ · embedded Postgres in .+\/data\/database · embeddings by \S+/,
    );
    expect((await fetch(`${runner.url}/health`)).status).toBe(200);
    expect(await runner.end("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  it.each([
    ["a port that is none", { PORT: "70000" }, /PORT/],
    [
      "a database of another kind",
      { DATABASE_URL: "mysql://u:s3cret@h/x" },
      /DATABASE_URL: must be the URL of a Postgres/,
    ],
    [
      "a missing key",
      { EMBEDDINGS: "openai" },
      /EMBEDDINGS=openai needs EMBEDDINGS_API_KEY, or EMBEDDINGS_URL/,
    ],
    ["an unknown embedder", { EMBEDDINGS: "magic" }, /EMBEDDINGS/],
    [
      "a database that is not there",
      { DATABASE_URL: "postgres://u:s3cret@127.0.0.1:1/x" },
      /No connection to postgres:\/\/u@127\.0\.0\.1:1\/x: .+Check DATABASE_URL/,
    ],
  ])(
    "npm start names %s and what to do, in a line without a stack, and exits with 1",
    async (_what, variables, message) => {
      const failed = spawnRunner({ DATA_DIR: join(folder, "data"), ...variables });
      await expect(failed).rejects.toThrow(message);
      await expect(failed).rejects.not.toThrow(/\n +at |s3cret/);
      await expect(failed).rejects.toMatchObject({ code: 1 });
    },
  );

  it("npm start refuses a folder that another runner uses, and takes over from one that was killed", async () => {
    const variables = { DATA_DIR: join(folder, "data"), LOG_LEVEL: "silent" };
    await makeDataFolder(variables.DATA_DIR);
    const first = await spawnRunner(variables);
    await expect(spawnRunner(variables)).rejects.toThrow(`in use by another runner (process ${first.pid})`);
    expect(await first.end("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" });
    const second = await spawnRunner(variables);
    expect(await second.end("SIGINT")).toEqual({ code: 0, signal: null });
  });

  it("npm start lets no other user read or write its files, in a folder that others may open", async () => {
    const dataDir = join(folder, "data");
    await mkdir(dataDir);
    await chmod(dataDir, 0o755);
    const runner = await startLocalRunner({ dataDir, env: { LOG_LEVEL: "silent" }, topology, handlers });
    expect((await readdir(dataDir)).sort()).toEqual([
      "database",
      "queues",
      "runner.lock",
      "runner.lock-journal",
      "runner.pid",
      "token.key",
    ]);
    expect(await openToOthers(dataDir)).toEqual([]);
    await runner.close();
    expect(await openToOthers(dataDir)).toEqual([]);
  });

  it("npm start creates a folder that only its user may open", async () => {
    const dataDir = join(folder, "data");
    const runner = await startTestRunner({ topology, handlers, dataDir });
    expect((await stat(dataDir)).mode & 0o077).toBe(0);
    await runner.close();
  });
});

/** A runner on an embedded database in `dataDir`, which is migrated already. */
async function embedded(dataDir: string) {
  return {
    dataDir,
    databaseImage: await embeddedImage(),
    env: { LOG_LEVEL: "silent" },
    topology,
    handlers,
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** Files and folders below `path` that other users can reach and have any right to. */
async function openToOthers(path: string): Promise<string[]> {
  const below = (await readdir(path)).map((name) => join(path, name));
  const open = await Promise.all(
    below.map(async (one) => {
      const stats = await stat(one);
      if ((stats.mode & 0o077) === 0) return [];
      return [one, ...(stats.isDirectory() ? await openToOthers(one) : [])];
    }),
  );
  return open.flat();
}
