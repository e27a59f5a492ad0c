import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant } from "./fields.ts";
import { count } from "./operations.ts";

const MAX_DAYS = 365;
const DEFAULT_DAYS = 30;

const usage = z
  .object({
    operations: count.meta({ description: "That ended, dry runs included" }),
    embeddings_created: count,
    embeddings_reused: count.meta({ description: "Chunks whose embedding was there already" }),
    embedding_tokens: count.meta({
      description: "As the provider counted them, else estimated; 0 of operations before they were counted",
    }),
    dollars: z
      .number()
      .nullable()
      .meta({ description: "At today's price; null: the price of a model is not known" }),
    api_calls_made: count.meta({ description: "To Confluence" }),
    rate_limited_calls: count.meta({ description: "Those of them that it answered with 429" }),
  })
  .meta({ id: "Usage" });

export const getUsage = contract({
  id: "getUsage",
  method: "GET",
  paths: ["/api/usage"],
  scope: "sources:read",
  tag: "Operations",
  summary: "What operations have used, by day",
  description:
    "Of operations that have ended, by the day of their end in UTC, as far back as they are kept (90 days unless the deployment says otherwise). Not in it: the embeddings of queries, those of a change of the model, and the calls of the sweep of rights and of the pulse.",
  query: z.strictObject({
    days: z.coerce
      .number()
      .int()
      .min(1)
      .max(MAX_DAYS)
      .default(DEFAULT_DAYS)
      .meta({ description: `1 to ${MAX_DAYS}, today included` }),
    source_id: id.optional(),
  }),
  responses: {
    200: z.object({
      since: instant,
      model: z
        .string()
        .nullable()
        .meta({ description: "That the sources use; null: several, or there is no source" }),
      dollars_per_million_tokens: z.number().nullable(),
      days: z.array(usage.extend({ day: z.iso.date() }).meta({ id: "UsageOfDay" })).meta({
        description: "Every day, oldest first",
      }),
      totals: usage,
    }),
  },
  errors: ["source_not_found"],
});
