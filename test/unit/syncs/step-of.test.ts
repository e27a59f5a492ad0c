import { expect, it } from "vitest";
import { stepOf, type StepContext } from "#shared/syncs/operations/step.ts";

const stepFor = (type: string) => ({ operation: { type } }) as StepContext;

it("a queue runs the step of the operation's own type", async () => {
  const step = stepOf({ confluence_sync: async () => "more", page_sync: async () => "listed" });
  expect(await step(stepFor("confluence_sync"))).toBe("more");
  expect(await step(stepFor("page_sync"))).toBe("listed");
});

it("a message that came to the wrong queue is an error that names the operation's type", () => {
  const step = stepOf({ confluence_sync: async () => "more" });
  expect(() => step(stepFor("deletion_check"))).toThrow(
    "Operations of type deletion_check do not run behind this queue",
  );
});
