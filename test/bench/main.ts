import { runCommand, runOneOf, type Command } from "#infra/local/runner/run-command.ts";
import { benchAccess } from "./storage/bench-access.ts";
import { benchCalls } from "./calls.ts";
import { benchCallsOfKinds } from "./calls-of-kinds.ts";
import { benchConversion } from "./conversion.ts";
import { benchHostile } from "./hostile.ts";
import { benchDeleteSource } from "./storage/bench-delete-source.ts";
import { benchSearch } from "./storage/bench-search.ts";
import { benchSteps } from "./storage/bench-steps.ts";
import { benchSwap } from "./storage/bench-swap.ts";
import { benchKinds } from "./sync/bench-kinds.ts";
import { benchSync } from "./sync/bench-sync.ts";

const BENCHES: Record<string, Command<object>> = {
  conversion: benchConversion,
  hostile: benchHostile,
  swap: benchSwap,
  steps: benchSteps,
  search: benchSearch,
  access: benchAccess,
  "delete-source": benchDeleteSource,
  calls: benchCalls,
  "calls-of-kinds": benchCallsOfKinds,
};

function printing(bench: Command<object>): Command {
  return {
    ...bench,
    run: async (args) => console.log(JSON.stringify(await bench.run(args))),
  };
}

const commands = Object.fromEntries(Object.entries(BENCHES).map(([name, bench]) => [name, printing(bench)]));
await runOneOf({
  name: "npm run bench --",
  does: "Benchmarks, one JSON line each; all of them but kinds and sync, which need a folder, without a name.",
  commands: { ...commands, kinds: printing(benchKinds), sync: printing(benchSync) },
  otherwise: async () => {
    for (const bench of Object.values(commands)) await runCommand(bench, []);
  },
});
