/** Checks of a command, each told as it is found out. `passed` and `failures` (names) are of those so far. */
export type ToldChecks = {
  passed: number;
  failures: string[];
  check: (name: string, holds: () => unknown) => Promise<void>;
};

export function toldChecks(): ToldChecks {
  const told: ToldChecks = {
    passed: 0,
    failures: [],
    check: async (name, holds) => {
      try {
        await holds();
        told.passed += 1;
        console.log(`ok    ${name}`);
      } catch (error) {
        told.failures.push(name);
        console.log(`FAIL  ${name}\n      ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  };
  return told;
}
