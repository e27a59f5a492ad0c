import { parseArgs } from "node:util";
import { errorMessage, UserError } from "#shared/errors.ts";
import { makeLog } from "#shared/log.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { compareIndex } from "#shared/verify/compare-index.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import { lockDataFolder } from "#infra/local/runner/data-folder-lock.ts";
import { openDatabase } from "#infra/local/runner/runner-database.ts";
import { localEnv, parseSettings } from "#infra/local/runner/runner-env.ts";
import { buildChosenServices } from "#infra/local/runner/runner-services.ts";

/**
 * `npm run verify -- --source ID [--quick]`: lists the source's space, converts the body of each page and prints every
 * difference to the index, one JSON line each, then a summary. `--quick` leaves the bodies out: a call for 250 pages and one
 * a label. Reads only. Exit 0: none; 1: some; 2: could not compare. The database is the one of `npm start`: DATABASE_URL, or
 * DATA_DIR while nothing else runs on it.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { source: { type: "string" }, quick: { type: "boolean", default: false } },
  });
  if (!values.source)
    throw new UserError(400, "usage", "usage: npm run verify -- --source SOURCE_ID [--quick]");
  const { dataDir } = parseSettings(process.env);
  const env = localEnv(process.env, dataDir);
  const lock = env.DATABASE_URL ? null : lockDataFolder(dataDir);
  const log = makeLog(
    "warn",
    (line) => process.stderr.write(`${line}\n`),
    () => new Date(),
  );
  const database = await openDatabase({ env, dataDir, log });
  try {
    const { cipher, confluence } = await buildChosenServices(env, log, {});
    if (!cipher || !confluence) throw new Error("Services for tokens and Confluence are missing");
    const source = await requireSource(database.sql, values.source);
    const { pages, differences } = await compareIndex(
      database.sql,
      await openSite({ cipher, confluence }, source),
      source,
      { bodies: !values.quick, now: new Date() },
    );
    for (const difference of differences) process.stdout.write(`${JSON.stringify(difference)}\n`);
    process.stdout.write(
      `${JSON.stringify({ source_id: source.sourceId, pages, differences: differences.length })}\n`,
    );
    return differences.length === 0 ? 0 : 1;
  } finally {
    await database.close();
    lock?.release();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exitCode = 2;
}
