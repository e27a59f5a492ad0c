import { existsSync } from "node:fs";
import { join } from "node:path";
import { syncedKinds } from "#shared/content-kinds.ts";
import type { Env } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";
import { makeLog } from "#shared/log.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { compareIndex } from "#shared/verify/compare-index.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { lockDataFolder } from "#infra/local/runner/data-folder-lock.ts";
import { openDatabase } from "#infra/local/runner/runner-database.ts";
import { localEnv, parseSettings } from "#infra/local/runner/runner-env.ts";
import { buildChosenServices } from "#infra/local/runner/runner-services.ts";

const verify = defineCommand({
  name: "npm run verify --",
  does: `Lists the pages, posts, comments and files that a source syncs, converts the body of each page and post, and prints every difference
to the index, one JSON line each, then a summary by kind. Reads only. Exit 0: no difference; 1: some; 2: could not compare.`,
  options: {
    source: { type: "text", value: "SOURCE_ID", required: true, description: "the source to compare" },
    quick: { type: "flag", description: "leaves the bodies out: a call for 250 of a kind and one a label" },
  },
  more: `The database is the one of npm start: that of DATABASE_URL, or the embedded one in DATA_DIR, which only one process can open:
stop the service first.`,
  failed: 2,
  run: async ({ source, quick }) => {
    const { dataDir } = parseSettings(process.env);
    const env = localEnv(process.env, dataDir);
    requireState(env, dataDir);
    const lock = env.DATABASE_URL ? null : lockDataFolder(dataDir);
    try {
      return await compare(source, quick, env, dataDir);
    } finally {
      lock?.release();
    }
  },
});

/** A folder without them is not the service's: nothing is created in it. */
function requireState(env: Env, dataDir: string): void {
  const missing = [
    ...(env.DATABASE_URL ? [] : [join(dataDir, "database")]),
    ...(env.TOKEN_KEY_ARN || !env.TOKEN_KEY_FILE ? [] : [env.TOKEN_KEY_FILE]),
  ].find((path) => !existsSync(path));
  if (missing === undefined) return;
  throw new UserError(
    404,
    "state_not_found",
    `${missing} does not exist: set DATA_DIR to the folder that the service keeps its state in`,
  );
}

async function compare(sourceId: string, quick: boolean, env: Env, dataDir: string): Promise<number> {
  const log = makeLog(
    "warn",
    (line) => process.stderr.write(`${line}\n`),
    () => new Date(),
  );
  const database = await openDatabase({ env, dataDir, log, readOnly: true });
  try {
    const { cipher, confluence } = await buildChosenServices(env, log, {});
    if (!cipher || !confluence) throw new Error("Services for tokens and Confluence are missing");
    const source = await requireSource(database.sql, sourceId);
    const { listed, differences } = await compareIndex(
      database.sql,
      await openSite({ cipher, confluence }, source),
      source,
      { bodies: !quick, now: new Date() },
    );
    for (const difference of differences) process.stdout.write(`${JSON.stringify(difference)}\n`);
    const byKind = Map.groupBy(differences, ({ content }) => content);
    const kinds = Object.fromEntries(
      syncedKinds(source.content).map((kind) => [
        kind,
        { listed: listed[kind] ?? 0, differences: byKind.get(kind)?.length ?? 0 },
      ]),
    );
    const pages = (listed.page ?? 0) + (listed.blogpost ?? 0);
    const summary = { source_id: source.sourceId, pages, kinds, differences: differences.length };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return differences.length === 0 ? 0 : 1;
  } finally {
    await database.close();
  }
}

await runCommand(verify);
