import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { operationStatuses, RUNNING_STATUSES } from "#shared/operation-statuses.ts";

describe("the statuses of an operation", () => {
  const schema = readFileSync("sql/schema.sql", "utf8");
  const named = (pattern: RegExp) =>
    [...(pattern.exec(schema)?.[1] ?? "").matchAll(/'(\w+)'/g)].map((match) => match[1]);

  it("the statuses of an operation are those that the database accepts", () => {
    expect(named(/archon_progress_status_check CHECK(.*)/)).toEqual(operationStatuses);
  });

  it("the statuses of an operation count as running where the index of running operations does", () => {
    expect(named(/INDEX archon_progress_active (.*)/)).toEqual(RUNNING_STATUSES);
  });

  it("the statuses of an operation are listed in one file only", () => {
    const files = globSync(
      ["shared", "functions", "infra"].map((folder) => `${folder}/**/*.{ts,tsx}`),
    ).filter((file) =>
      /["'](queued|listing|processing)["'],\s*["'](listing|processing|finishing)["']|\bqueued:/.test(
        readFileSync(file, "utf8"),
      ),
    );
    expect(files).toEqual(["shared/operation-statuses.ts"]);
  });
});
