import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOT_APPLICABLE_2025, NOT_APPLICABLE_2026 } from "./not-applicable.ts";
import { runPackage } from "./run-package.ts";

/** The official suite's server scenarios, by revision of the protocol. The release that knows 2026-07-28 is not stable yet. */
const REVISIONS = [
  {
    revision: "2025-11-25",
    version: "0.1.16",
    options: ["--suite", "all", "--spec-version", "2025-11-25"],
    notApplicable: NOT_APPLICABLE_2025,
  },
  {
    revision: "2026-07-28",
    version: "0.2.0-alpha.12",
    options: ["--requirements", "2026-07-28"],
    notApplicable: NOT_APPLICABLE_2026,
  },
];

/** Runs the suite; what does not apply must not pass, everything else must. */
export function conformanceChecks(
  url: string,
  scratch: string,
): { name: string; holds: () => Promise<void> }[] {
  return REVISIONS.map(({ revision, version, options, notApplicable }) => ({
    name: `${new URL(url).pathname} conforms to ${revision} where it applies`,
    holds: async () => {
      const baseline = join(scratch, `${revision}.yaml`);
      const entries = Object.values(notApplicable).flat();
      writeFileSync(baseline, ["server:", ...entries.map((entry) => `  - "${entry}"`), ""].join("\n"));
      const output = await runPackage(`@modelcontextprotocol/conformance@${version}`, "conformance", [
        "server",
        "--url",
        url,
        ...options,
        "--expected-failures",
        baseline,
        "--output-dir",
        join(scratch, revision),
      ]);
      const passed = [...output.matchAll(/^✓ (\S+): ([1-9]\d*) passed, 0 failed/gm)].map(([, name]) => name);
      console.log(`      ${passed.join(", ")}`);
    },
  }));
}
