import { readFile } from "node:fs/promises";
import type postgres from "postgres";

/** A clock tick of /proc in milliseconds: 100 a second on every Linux that Node runs on. */
const TICK_MS = 10;

/** Processor time of the server processes of this database, in milliseconds; `read` between calls of `sample` misses those that ended. */
export type ServerCpu = { sample: () => Promise<void>; read: () => number | null };

/** Reads /proc: null where the server runs on another machine, or there is no /proc. */
export function serverCpu(sql: postgres.Sql): ServerCpu {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  let known = false;
  return {
    sample: async () => {
      const rows = await sql<{ pid: number }[]>`
        select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
      for (const { pid } of rows) {
        const ms = await cpuOf(pid);
        if (ms === null) continue;
        if (!first.has(pid)) first.set(pid, known ? 0 : ms);
        last.set(pid, ms);
      }
      known ||= first.size > 0;
    },
    read: () => (known ? [...last].reduce((sum, [pid, ms]) => sum + ms - (first.get(pid) ?? 0), 0) : null),
  };
}

async function cpuOf(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [, name, rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? [];
  if (!name?.startsWith("postgres")) return null;
  // The name is field 2; user and system time are fields 14 and 15 (proc_pid_stat(5)).
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
