import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";

/** What code before the migration may still use: it runs beside new code during a deployment, and after a rollback. */
const TAKES_AWAY =
  /\bdrop (table|column|function|view|schema|type)\b|\brename\b|\balter column \w+ (set data )?type\b|\bset not null\b|\btruncate\b/i;
/** The first line of a migration that removes what code since an earlier migration does not use. */
const CONTRACT = /^--! contract (\d{6})\n/;

/** A column that is as old as the migration, and that old code need not name. */
const withoutOwnColumns = (text: string) =>
  text.replaceAll(/\balter column (\w+) set not null\b/g, (statement, column: string) =>
    text.includes(`add column ${column} `) && text.includes(`alter column ${column} set default `)
      ? ""
      : statement,
  );

const withoutComments = (text: string) => text.replaceAll(/--.*$/gm, "");

describe("a migration", () => {
  const files = globSync("sql/[0-9]*.sql").sort();

  it.each(files)(
    "the migration %s removes nothing unless it names the code that no longer uses it",
    (file) => {
      const text = readFileSync(file, "utf8");
      const since = CONTRACT.exec(text)?.[1];
      if (since === undefined) {
        const changes = withoutOwnColumns(withoutComments(text));
        expect(TAKES_AWAY.exec(changes)?.[0]).toBeUndefined();
      } else {
        const earlier = files.map((name) => basename(name).slice(0, 6)).filter((n) => n < basename(file));
        expect(earlier.slice(0, -1)).toContain(since);
      }
    },
  );

  it("there are migrations to check", () => expect(files.length).toBeGreaterThan(5));
});

describe("a file of functions", () => {
  const files = globSync("sql/functions/*.sql").sort();
  const definitions = files.flatMap((file) =>
    // Once, whatever the number of its signatures: those of the release before stay for a while.
    [
      ...new Set(
        [...readFileSync(file, "utf8").matchAll(/^create or replace function (\w+)/gm)].map(
          ([, name]) => name,
        ),
      ),
    ],
  );

  it.each(files)("the function file %s can be applied again: it replaces and removes nothing", (file) => {
    const text = withoutComments(readFileSync(file, "utf8"));
    expect(/\bcreate (?!or replace function\b)\w+|\balter\b|\bdrop\b/i.exec(text)?.[0]).toBeUndefined();
  });

  it("each function is defined in one function file only", () => {
    expect(definitions.length).toBeGreaterThan(3);
    expect(new Set(definitions).size).toBe(definitions.length);
  });
});
