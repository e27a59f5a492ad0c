type Step = () => unknown;

/** Steps that undo a start, run once in reverse order; each runs even if an earlier one failed, then the first error is thrown. */
export function cleanUp(): { add: (step: Step) => void; run: () => Promise<void> } {
  const steps: Step[] = [];
  return {
    add: (step) => {
      steps.push(step);
    },
    async run() {
      const errors: unknown[] = [];
      for (let step = steps.pop(); step; step = steps.pop()) {
        try {
          await step();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw errors[0];
    },
  };
}
