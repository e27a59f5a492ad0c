import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { createTestDatabase, TEST_SCHEMA } from "./test-database.ts";

/**
 * `node test/support/schema-dump.ts [--check]`: writes what the migrations make to sql/schema.sql, or compares. Read from the
 * catalog rather than by pg_dump, so that it needs no PostgreSQL and comes out the same on PGlite and on any server.
 */
const file = fileURLToPath(new URL("../../sql/schema.sql", import.meta.url));

async function dump(sql: postgres.Sql): Promise<string> {
  const sections = [await tables(sql), await indexes(sql), await functions(sql), await triggers(sql)];
  return [
    "-- What the migrations make, for reading and for comparing. Written by `npm run schema`; never run.",
    ...sections.flat(),
    "",
  ].join("\n\n");
}

async function tables(sql: postgres.Sql): Promise<string[]> {
  const columns = await sql<{ name: string; options: string[] | null; line: string }[]>`
    select c.relname as name, c.reloptions as options, format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attidentity = 'a' then ' generated always as identity'
        when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
      case when a.attnotnull then ' not null' else '' end) as line
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = ${TEST_SCHEMA}::regnamespace and c.relkind = 'r'
    order by c.relname collate "C", a.attnum`;
  // From version 18 on, "not null" is a constraint as well: it stands with the column already.
  const constraints = await sql<{ name: string; line: string }[]>`
    select c.relname as name, format('  constraint %I %s', k.conname, pg_get_constraintdef(k.oid)) as line
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = ${TEST_SCHEMA}::regnamespace and k.contype in ('c', 'f', 'p', 'u')
    order by c.relname collate "C", k.contype, k.conname collate "C"`;
  const names = [...new Set(columns.map((row) => row.name))];
  return names.map((name) => {
    const own = columns.filter((row) => row.name === name);
    const lines = [...own, ...constraints.filter((row) => row.name === name)].map((row) => row.line);
    const options = own[0]?.options?.length ? `\nwith (${own[0].options.join(", ")})` : "";
    return `create table ${name} (\n${lines.join(",\n")}\n)${options};`;
  });
}

async function indexes(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select pg_get_indexdef(i.indexrelid) || ';' as line
    from pg_index i join pg_class c on c.oid = i.indexrelid
    where c.relnamespace = ${TEST_SCHEMA}::regnamespace
      and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
    order by c.relname collate "C"`;
  return rows.length ? [rows.map((row) => row.line).join("\n")] : [];
}

async function functions(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select pg_get_functiondef(p.oid) || ';' as line from pg_proc p
    where p.pronamespace = ${TEST_SCHEMA}::regnamespace order by p.proname collate "C", p.oid::regprocedure::text`;
  return rows.map((row) => row.line.trimEnd());
}

async function triggers(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select pg_get_triggerdef(t.oid) || ';' as line from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = ${TEST_SCHEMA}::regnamespace and not t.tgisinternal order by t.tgname collate "C"`;
  return rows.map((row) => row.line.replaceAll(`${TEST_SCHEMA}.`, ""));
}

const database = await createTestDatabase();
try {
  const made = await dump(database.sql);
  if (!process.argv.includes("--check")) {
    await writeFile(file, made);
  } else if ((await readFile(file, "utf8").catch(() => "")) !== made) {
    console.error("sql/schema.sql is not what the migrations make: run `npm run schema` and commit it");
    process.exitCode = 1;
  }
} finally {
  await database.close();
}
