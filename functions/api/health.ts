import { UserError } from "#shared/errors.ts";
import type { Sql } from "#shared/db/connect.ts";
import { archonHealth, health } from "#functions/api/contract/service.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /health and /api/health: 200 when the database responds and is migrated, 503 otherwise. */
export const handler = httpHandler(
  route(health)([database], async (_request, { sql, env }) => {
    await requireMigrated(sql);
    return { status: 200, body: { status: "ok", database: "ok", stage: env.STAGE } };
  }),
  route(archonHealth)([database], async (_request, { sql }) => {
    await requireMigrated(sql);
    return { status: 200, body: { status: "healthy", service: "confluence-rag-sync", ready: true } };
  }),
);

async function requireMigrated(sql: Sql): Promise<void> {
  const [row] = await sql<
    { migrated: boolean }[]
  >`select to_regclass('archon_sources') is not null as migrated`;
  if (!row?.migrated) throw new UserError(503, "database_unavailable", "The database is not migrated yet");
}
