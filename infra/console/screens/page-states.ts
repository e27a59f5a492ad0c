import type { Page } from "#infra/console/api/types.ts";
import type { Tone } from "#infra/console/parts/tone.ts";
import { counted, words } from "#infra/console/parts/format.ts";
import { reasonText } from "./reasons.ts";

export const PAGE_STATES = [
  "current",
  "failed",
  "pending",
  "hidden",
  "deleted",
] as const satisfies Page["status"][];
export const KINDS = ["page", "blogpost", "comments", "attachment"] as const satisfies Page["kind"][];
export const FILE_RESULTS = [
  "text",
  "no_text",
  "unsupported_type",
  "too_large",
  "encrypted",
  "extraction_failed",
] as const satisfies NonNullable<NonNullable<Page["file"]>["result"]>[];

const KIND_NAMES: Record<Page["kind"], [one: string, many: string]> = {
  page: ["page", "pages"],
  blogpost: ["blog post", "blog posts"],
  comments: ["comments", "comments"],
  attachment: ["file", "files"],
};

/** What something is: "blog post", "file". */
export function kindName(kind: Page["kind"]): string {
  return KIND_NAMES[kind][0];
}

/** What several of it are: "blog posts", "files". */
export function kindNames(kind: Page["kind"]): string {
  return KIND_NAMES[kind][1];
}

const TONES: Record<Page["status"], Tone> = {
  current: "ok",
  pending: "busy",
  failed: "bad",
  hidden: "quiet",
  deleted: "quiet",
};

/** The state of a page in words; a stored page whose last attempt failed is found, by its older text. */
export function pageState(page: Page): { tone: Tone; text: string } {
  if (page.status === "current" && page.error) return { tone: "warn", text: "older version" };
  return { tone: TONES[page.status], text: page.status === "current" ? "found" : page.status };
}

/** Why a page is as it is: failures first, then what is not in the index although it is in Confluence. */
export function whyOfPage(page: Page): { tone: "bad" | "quiet"; text: string; code?: string }[] {
  const { error, rendered_missing: missing, file } = page;
  const reasons = [
    error && {
      tone: "bad" as const,
      code: error.code,
      text: `${words(error.code)}: ${error.message}${error.attempts ? ` (${counted(error.attempts, "attempt")})` : ""}`,
    },
    page.deleted_reason !== null &&
      page.is_deleted && {
        tone: "quiet" as const,
        code: page.deleted_reason,
        text: reasonText(page.deleted_reason),
      },
    page.status === "hidden" && { tone: "quiet" as const, text: "the syncing account does not see it" },
    file?.result &&
      file.result !== "text" && {
        tone: "quiet" as const,
        text: `${words(file.result)}${file.message ? `: ${file.message}` : ""}`,
      },
    missing && { tone: "quiet" as const, text: `without what its macros render: ${missing.message}` },
    page.text_lost !== null && { tone: "quiet" as const, text: `not converted: ${page.text_lost}` },
  ];
  return reasons.filter((reason) => reason !== null && reason !== false && reason !== undefined);
}
