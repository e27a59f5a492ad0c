import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("no statement repeats the conditions of visible pages: they call is_visible or is_findable", () => {
  const rule =
    /not (\w+\.)?is_deleted and (\w+\.)?missing_since is null|is_deleted or (\w+\.)?missing_since is not/;
  const files = globSync(["shared/**/*.ts", "functions/**/*.ts", "infra/**/*.ts", "sql/functions/*.sql"]);
  const spelled = files.filter((file) => rule.test(readFileSync(file, "utf8")));
  expect(spelled).toEqual(["sql/functions/pages.sql"]);
});
