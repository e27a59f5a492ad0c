import { z } from "zod";
import { accessMode, instant, modeBefore, unreadableContainers, verification } from "./fields.ts";

const failure = z
  .object({ code: z.string(), message: z.string(), since: instant, failures: z.int() })
  .nullable()
  .meta({ description: "Null: the last attempt did not fail" });

/** Who finds what of a source, and how well that is known. */
export const sourceAccess = z
  .object({
    mode: accessMode,
    mode_before: modeBefore,
    unreadable_containers: unreadableContainers,
    verify: verification,
    verified_at: instant.nullable().meta({
      description:
        "When the last complete sweep of rights began; null: none was completed, and with `unrestricted` and `per_user` nothing is found",
    }),
    sweep: z
      .object({
        due_at: instant,
        started_at: instant.nullable().meta({ description: "Of the sweep under way; null: none is" }),
        completed_at: instant.nullable(),
        error: failure,
        calls: z.int().nullable().meta({
          description:
            "To Confluence, of the last complete sweep; what it shares with other spaces of the site counts for the first of them",
        }),
        duration_ms: z.int().nullable(),
      })
      .nullable()
      .meta({ description: "Null: the source's rights are not read, or not yet" }),
    restricted_contents: z.int().nullable().meta({
      description:
        "Pages and blog posts with a view restriction of their own; with `everything` counted once a week; null: not known",
    }),
    containers_hidden: z
      .int()
      .nullable()
      .meta({ description: "Folders and the like whose content nobody finds; null: not known" }),
    containers_trusted: z
      .int()
      .nullable()
      .meta({ description: "Folders and the like that are taken for unrestricted without a proof" }),
  })
  .meta({ id: "SourceAccess" });
