import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { testCertificate } from "#test/support/tls-database.ts";

export type LocalDatabase = {
  /** As the machine's administrator: without TLS and without a password, from this machine only. */
  adminUrl: string;
  /** What the functions' secret says: a role that is let in by its password and over TLS only. */
  secret: () => string;
  /** Gives the role another password and ends its connections, as a rotation and a failover do. */
  rotate: (password: string) => Promise<void>;
  /** Connections of the role that speak TLS, and all of them. */
  connections: () => Promise<{ encrypted: number; all: number }>;
  close: () => Promise<void>;
};

const ROLE = "sync";
const DATABASE = "confluence_sync_lambda";
const certificate = testCertificate("localhost");

/** A PostgreSQL of its own with a self-signed certificate, stopped at `close`. */
export async function startLocalDatabase(scratch: string): Promise<LocalDatabase> {
  chmodSync(scratch, 0o755);
  const folder = join(scratch, "postgres");
  const server = execFileSync(".ci/start-postgres", [folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  demandTls(folder);
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  await admin`alter system set ssl = on`;
  await admin`select pg_reload_conf()`;
  await admin.unsafe(`create role ${ROLE} login`);
  await admin.unsafe(`create database ${DATABASE} owner ${ROLE}`);
  const adminUrl = new URL(server);
  adminUrl.pathname = `/${DATABASE}`;
  const owner = postgres(adminUrl.href, { max: 1, onnotice: () => {} });
  // Where it is not the administrator's to make, migrations find it made.
  await owner`create extension if not exists vector`;
  let password = "before the rotation";
  const setPassword = async () => {
    await admin.unsafe(`alter role ${ROLE} password '${password}'`);
  };
  await setPassword();
  return {
    adminUrl: adminUrl.href,
    secret: () => {
      const url = new URL(adminUrl);
      url.hostname = "localhost";
      url.username = ROLE;
      url.password = encodeURIComponent(password);
      // What providers write into the URLs that they hand out.
      url.search = "sslmode=require&channel_binding=require";
      return JSON.stringify({ url: url.href, ca: certificate.cert });
    },
    rotate: async (next) => {
      password = next;
      await setPassword();
      await owner`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${ROLE}`;
      // Until the last of them is gone: the server ends them by itself, within moments.
      for (let waited = 0; waited < 50; waited += 1) {
        const [row] =
          await owner`select count(*)::int as count from pg_stat_activity where usename = ${ROLE}`;
        if (row?.count === 0) return;
        await delay(100);
      }
      throw new Error("Connections of the old password do not end");
    },
    connections: async () => {
      const [row] = await owner<{ encrypted: number; all: number }[]>`
        select count(*)::int as all, count(*) filter (where s.ssl)::int as encrypted
        from pg_stat_activity a join pg_stat_ssl s using (pid) where a.usename = ${ROLE}`;
      return row ?? { encrypted: 0, all: 0 };
    },
    close: async () => {
      await owner.end();
      await admin.end();
      const [pid] = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), "SIGINT");
    },
  };
}

/** The role comes in over TLS with its password, and in no other way. */
function demandTls(folder: string): void {
  const { uid, gid } = statSync(folder);
  for (const [name, text] of [
    ["server.crt", certificate.cert],
    ["server.key", certificate.key],
  ] as const) {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    chownSync(path, uid, gid);
  }
  const path = join(folder, "pg_hba.conf");
  const rules = [`hostssl all ${ROLE} 127.0.0.1/32 scram-sha-256`, `host all ${ROLE} all reject`];
  writeFileSync(path, `${rules.join("\n")}\n${readFileSync(path, "utf8")}`);
}
