import { auto_explain } from "@electric-sql/pglite/contrib/auto_explain";
import postgres from "postgres";
import { startEmbeddedDatabase } from "#infra/local/runner/database.ts";
import { embeddedImage } from "#test/support/databases/image.ts";
import { createTestDatabase, TEST_SCHEMA } from "#test/support/test-database.ts";

/** A node of a plan, with what it did, as `explain (analyze, format json)` prints it. */
export type PlanNode = {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: PlanNode[];
};
type Explained = { Plan: PlanNode; "Query Text": string };

export type ExplainedDatabase = {
  sql: postgres.Sql;
  /** The nodes of all statements that ran meanwhile, those inside functions included; each with the text of its statement. */
  explain: (work: () => Promise<unknown>) => Promise<(PlanNode & { statement: string })[]>;
  close: () => Promise<void>;
};

/** A migrated database, on the server of DATABASE_URL or in memory, whose one session tells the plans that it executes. */
export async function startExplainedDatabase(): Promise<ExplainedDatabase> {
  const made = process.env.DATABASE_URL ? await onServer() : await embedded();
  let explained: Explained[] = [];
  const sql = postgres(made.address.url, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    ...(made.address.socket ? { socket: made.address.socket } : {}),
    connection: { search_path: `${TEST_SCHEMA}, public` },
    onnotice: ({ message = "" }) => {
      const json = /^duration: .*?plan:\n(.*)/s.exec(message)?.[1];
      if (json) explained.push(JSON.parse(json) as Explained);
    },
  });
  await sql`load 'auto_explain'`;
  for (const [name, value] of Object.entries(SETTINGS)) {
    await sql`select set_config(${`auto_explain.${name}`}, ${value}, false)`;
  }
  return {
    sql,
    explain: async (work) => {
      await sql`set auto_explain.log_min_duration = 0`;
      explained = [];
      await work();
      const plans = explained;
      await sql`set auto_explain.log_min_duration = -1`;
      return plans.flatMap(({ Plan, "Query Text": statement }) =>
        nodesOf(Plan).map((node) => ({ ...node, statement })),
      );
    },
    close: async () => {
      await sql.end();
      await made.close();
    },
  };
}

const SETTINGS = {
  log_analyze: "on",
  log_timing: "off",
  log_format: "json",
  log_nested_statements: "on",
  log_level: "notice",
};

async function onServer() {
  const database = await createTestDatabase({ maxConnections: 1 });
  await database.sql.end();
  return database;
}

async function embedded() {
  return startEmbeddedDatabase({
    schema: TEST_SCHEMA,
    image: await embeddedImage(),
    extensions: { auto_explain },
  });
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

/** How many rows of a table were looked at, of use or not. */
export function rowsRead(nodes: readonly PlanNode[], table: string): number {
  return nodes.filter((node) => node["Relation Name"] === table).reduce((sum, node) => sum + rowsOf(node), 0);
}

/** How many rows the node looked at, in all its executions. */
export function rowsOf(node: PlanNode): number {
  const dropped = (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  return (node["Actual Rows"] + dropped) * node["Actual Loops"];
}
