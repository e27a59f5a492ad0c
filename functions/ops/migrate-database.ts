import { migrate, type MigrationResult } from "#shared/db/migrate.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/**
 * Once a deployment, before new code takes traffic; a failure fails the deployment. Run again it does nothing. From here on
 * sources change to the model of this deployment.
 */
export const handler = scheduleHandler({
  needs: [database, embedder],
  run: async ({ sql, env, log, now, embedder: { model, dimensions } }): Promise<MigrationResult> => {
    const result = await migrate(sql, env.DB_SCHEMA, await readMigrations());
    log.info("migration.applied", result);
    log.info("model_change.chosen", {
      model,
      ...(await chooseModel(sql, { model, dimensions, now: now() })),
    });
    return result;
  },
});
