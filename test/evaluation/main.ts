import { evaluateConversion } from "./conversion/evaluate-conversion.ts";
import { evaluateGoldens } from "./goldens/evaluate-goldens.ts";
import { evaluateSearch } from "./search/evaluate-search.ts";

/** `npm run evaluate -- WHAT …`: how well a part does its job on a folder of real pages. */
const EVALUATIONS: Record<string, (args: string[]) => Promise<void>> = {
  conversion: evaluateConversion,
  goldens: evaluateGoldens,
  search: evaluateSearch,
};

const [name = "", ...args] = process.argv.slice(2);
const evaluate = EVALUATIONS[name];
if (evaluate) await evaluate(args);
else {
  console.error(`usage: npm run evaluate -- ${Object.keys(EVALUATIONS).join("|")} --dir DIR`);
  process.exitCode = 2;
}
