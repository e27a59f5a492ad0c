import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { SCOPES } from "#shared/confluence/scopes.ts";
import { assumptions, prices } from "./scale/prices.ts";
import { costTable, scaleReport } from "./scale/report.ts";
import { stackPicture } from "./stack-picture.ts";

/*
 * Writes the generated parts of documents: all of infra/scale.md, and in infra/deploying.md and infra/scopes.md what is between
 * `<!-- generated: NAME -->` and `<!-- end -->`. With `--check` it only compares, and fails where they differ.
 */
const check = process.argv.includes("--check");
const blocks: Record<string, string> = {
  "stack picture": ["```mermaid", stackPicture(), "```"].join("\n"),
  "cost table": costTable(prices, assumptions),
  "scope table": scopeTable(),
};

const stale = [
  ...replace("infra/scale.md", () => scaleReport(prices, assumptions)),
  ...replace("infra/deploying.md", withBlocks),
  ...replace("infra/scopes.md", withBlocks),
];
if (stale.length > 0) {
  process.stderr.write(`Not up to date: ${stale.join(", ")}. Run npm run documents\n`);
  process.exitCode = 1;
}

/** Returns the path if the file differs and must not be written. */
function replace(path: string, made: (present: string) => string): string[] {
  const present = existsSync(path) ? readFileSync(path, "utf8") : "";
  const wanted = made(present);
  if (wanted === present) return [];
  if (check) return [path];
  writeFileSync(path, wanted);
  return [];
}

function scopeTable(): string {
  const rows = Object.entries(SCOPES).map(
    ([scope, { for: purpose, without }]) =>
      `| \`${scope}\` | ${purpose} | ${without ?? "nothing works: no site connects"} |`,
  );
  return ["| scope | for | without it |", "| --- | --- | --- |", ...rows].join("\n");
}

function withBlocks(text: string): string {
  return Object.entries(blocks).reduce((result, [name, content]) => {
    const pattern = new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    return result.replace(pattern, (_, start: string, end: string) => `${start}${content}\n${end}`);
  }, text);
}
