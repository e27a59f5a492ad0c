import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";

export type LocalDatabase = { url: string; close: () => Promise<void> };

/** An empty database of its own on the server of DATABASE_URL, or on one that is started for this run. */
export async function createLocalDatabase(scratch: string): Promise<LocalDatabase> {
  const own = process.env.DATABASE_URL ? null : startServer(scratch);
  const server = process.env.DATABASE_URL ?? own?.url ?? "";
  const name = `confluence_sync_lambda_${randomUUID().replaceAll("-", "")}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  await admin`create database ${admin(name)}`;
  await admin.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  // On loopback without a certificate; said in so many words, because verified TLS is the default.
  url.searchParams.set("sslmode", "disable");
  return {
    url: url.href,
    close: async () => {
      if (own) return own.stop();
      const dropper = postgres(server, { max: 1, onnotice: () => {} });
      await dropper`drop database ${dropper(name)} with (force)`;
      await dropper.end();
    },
  };
}

function startServer(scratch: string): { url: string; stop: () => void } {
  chmodSync(scratch, 0o755);
  const folder = join(scratch, "postgres");
  const url = execFileSync(".ci/start-postgres", [folder], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  return {
    url,
    stop: () => {
      const [pid] = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), "SIGINT");
    },
  };
}
