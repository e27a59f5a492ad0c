import type { z } from "zod";
import type { Site } from "./site.ts";

/** What one command does: its input, and its effect on the site. */
export function command<S extends z.ZodType>(schema: S, run: (site: Site, input: z.output<S>) => unknown) {
  return { schema, run: (site: Site, input: unknown) => run(site, schema.parse(input)) };
}
