import { benchCalls } from "./calls.ts";
import { benchConversion } from "./conversion.ts";
import { benchHostile } from "./hostile.ts";
import { benchDeleteSource } from "./storage/bench-delete-source.ts";
import { benchSearch } from "./storage/bench-search.ts";
import { benchSwap } from "./storage/bench-swap.ts";

/** `npm run bench [-- NAME …]`: the named bench, or all; one JSON line each. */
const BENCHES: Record<string, (args: string[]) => Promise<object>> = {
  conversion: benchConversion,
  hostile: benchHostile,
  swap: benchSwap,
  search: benchSearch,
  "delete-source": benchDeleteSource,
  calls: benchCalls,
};

const [name, ...args] = process.argv.slice(2);
const chosen = name === undefined ? Object.values(BENCHES) : [BENCHES[name]];
for (const bench of chosen) {
  if (!bench) {
    console.error(`usage: npm run bench [-- ${Object.keys(BENCHES).join("|")}]`);
    process.exitCode = 2;
    break;
  }
  console.log(JSON.stringify(await bench(args)));
}
