import { parseArgs } from "node:util";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { parseSettings } from "#infra/local/runner/runner-env.ts";
import { startLocalRunner } from "#infra/local/runner/start.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";

/**
 * The local runner, which kills itself (SIGKILL) before its k-th SQL statement, a commit counting as one: `--die-at K`; at the
 * end of the operation when that takes fewer. It counts from a line on stdin. Without `--die-at` it ends with the operation
 * and says `counted N`. `--clock-ahead MS`: its clock is ahead by this.
 */
const { values } = parseArgs({
  options: { "die-at": { type: "string" }, "clock-ahead": { type: "string", default: "0" } },
});
const ahead = Number(values["clock-ahead"]);
const dieAt = values["die-at"] === undefined ? null : Number(values["die-at"]);

let counting = false;
let statements = 0;
const runner = await startLocalRunner({
  ...parseSettings(process.env),
  env: { ...process.env, LOG_LEVEL: "info" },
  services: { embedder: fakeEmbedder(), now: () => new Date(Date.now() + ahead) },
  wrapSql: (sql) =>
    observeSql(sql, {
      onStatement: () => {
        if (counting) statements += 1;
        if (dieAt !== null && statements >= dieAt) die();
      },
    }),
  writeLog: (line) => {
    if (line.includes('"event":"operation.finished"')) void end();
  },
});
process.stdout.write(`${runner.url}\n`);
process.stdin.once("data", () => {
  counting = true;
});

async function end(): Promise<void> {
  if (dieAt !== null) return die();
  process.stdout.write(`counted ${statements}\n`);
  await runner.close();
  process.exit(0);
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
