import { createHash } from "node:crypto";

type Mutant = {
  id: string;
  fileName: string;
  location: { start: { line: number; column: number } };
  replacement: string;
};
type Checked = Record<string, { status: "passed" } | { status: "compileError"; reason: string }>;

const share = Number(process.env["MUTATE_SHARE"] ?? 1);
const seed = process.env["MUTATE_SEED"] ?? "1";

/** Whether this mutant is in the sample: the same for the same seed, and hardly disturbed by other changes of its file. */
function isChosen({ fileName, location, replacement }: Mutant): boolean {
  const path = fileName.replace(/^.*\/(?=(shared|functions)\/)/, "");
  const { line, column } = location.start;
  const hash = createHash("sha256").update([seed, path, line, column, replacement].join("\n")).digest();
  return hash.readUInt32BE(0) / 2 ** 32 < share;
}

/** A checker of Stryker, which has no sampling: what is not chosen counts as not compiling, neither found nor missed. */
const makeSampler = () => ({
  init: async (): Promise<void> => {},
  check: async (mutants: readonly Mutant[]): Promise<Checked> =>
    Object.fromEntries(
      mutants.map((mutant) => [
        mutant.id,
        isChosen(mutant)
          ? { status: "passed" as const }
          : { status: "compileError" as const, reason: "not in the sample" },
      ]),
    ),
});

type Tested = Mutant & { status: string };

/** A reporter of Stryker that tells what no test noticed at once: the report comes at the end of a run of many minutes. */
const makeTeller = () => ({
  onMutantTested: ({ status, fileName, location, replacement }: Tested): void => {
    if (status === "CompileError" || status === "Ignored") return;
    process.stderr.write(`${status} ${fileName}:${location.start.line} → ${replacement.slice(0, 80)}\n`);
  },
});

export const strykerPlugins = [
  { kind: "Checker", name: "sample", factory: makeSampler },
  { kind: "Reporter", name: "tell", factory: makeTeller },
];
