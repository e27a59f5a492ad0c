import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** What the code before the migration may still use: the old functions run on until the new ones are deployed, and after a rollback. */
const TAKES_AWAY =
  /\bdrop (table|column|function|view|schema|type)\b|\brename\b|\balter column \w+ (set data )?type\b|\bset not null\b|\btruncate\b/i;

describe("migrations", () => {
  const files = globSync("sql/[0-9]*.sql").sort();

  it.each(files)("%s takes nothing away from the code that runs before it", (file) => {
    const statements = readFileSync(file, "utf8").replaceAll(/--.*$/gm, "");
    expect(TAKES_AWAY.exec(statements)?.[0]).toBeUndefined();
  });

  it("are there to look at", () => expect(files.length).toBeGreaterThan(5));
});
