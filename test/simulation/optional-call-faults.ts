import type { Fault } from "#infra/local/confluence-site/faults.ts";

const refused = (status: number, path: string): Fault => ({
  effect: "status",
  status,
  retry_after: null,
  path,
  times: 40,
  skip: 0,
});
const scopeMissing = (path: string): Fault => ({
  effect: "scope_missing",
  said_in: "both",
  path,
  times: 40,
  skip: 0,
});

/** Possible faults of optional calls, by the words of the story. */
export const OPTIONAL_CALL_FAULTS: readonly (readonly [string, Fault])[] = [
  ["the token lacks the scope for labels", scopeMissing("/labels")],
  ["labels are not found", refused(404, "/labels")],
  ["no names are returned", refused(401, "users-bulk")],
  ["the token lacks the scope for folders", scopeMissing("/folders/")],
  ["folders are forbidden", refused(403, "/folders/")],
  ["no body is rendered", refused(500, "body-format=export_view")],
  ["the token may not have bodies rendered", refused(401, "body-format=export_view")],
];
