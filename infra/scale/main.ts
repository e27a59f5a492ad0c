import { readFileSync } from "node:fs";
import { z } from "zod";
import { assumptions, prices } from "./prices.ts";
import { scaleReport } from "./report.ts";

/** Prints the report with the numbers of a JSON file instead of those in prices.ts; a name that is in neither is an error. */
const known = z.partialRecord(
  z.enum([...Object.keys(prices), ...Object.keys(assumptions)]),
  z.number().min(0),
);
const [file] = process.argv.slice(2);
const given = file ? known.parse(JSON.parse(readFileSync(file, "utf8"))) : {};
const replaced = <T extends object>(defaults: T): T => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(given).filter(([name]) => name in defaults)),
});
process.stdout.write(scaleReport(replaced(prices), replaced(assumptions)));
