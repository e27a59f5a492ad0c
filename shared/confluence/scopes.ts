import { FOLDER_KINDS } from "./client.ts";

/** Without one of these a sync cannot work; the others only add to what it stores. */
export type CallNeed = "required" | "optional";

export type ScopedCall = {
  /** As a person reads it, ids left out. */
  call: string;
  path: RegExp;
  scope: string;
  need: CallNeed;
};

const call = (need: CallNeed, scope: string, name: string): ScopedCall => ({
  call: name,
  path: new RegExp(`${name.replace(/^[A-Z]+ /, "").replaceAll("{id}", "[^/]+")}$`),
  scope: `${scope}:confluence`,
  need,
});

/**
 * The calls that a sync makes and the granular scope that each needs, as Atlassian's API descriptions of v1 and v2 give them
 * (https://developer.atlassian.com/cloud/confluence/rest/v2/intro). The scopes of a read-only token are these and no others.
 */
export const SCOPED_CALLS: readonly ScopedCall[] = [
  call("required", "read:content-details", "GET /wiki/rest/api/user/current"),
  call("required", "read:content-details", "GET /wiki/rest/api/content/search"),
  call("required", "read:content-details", "GET /wiki/rest/api/search"),
  call("required", "read:space", "GET /wiki/api/v2/spaces"),
  call("required", "read:page", "GET /wiki/api/v2/pages"),
  call("required", "read:page", "GET /wiki/api/v2/pages/{id}"),
  call("optional", "read:label", "GET /wiki/api/v2/spaces/{id}/content/labels"),
  call("optional", "read:page", "GET /wiki/api/v2/labels/{id}/pages"),
  call("required", "read:page", "GET /wiki/api/v2/blogposts"),
  call("required", "read:page", "GET /wiki/api/v2/blogposts/{id}"),
  call("optional", "read:page", "GET /wiki/api/v2/labels/{id}/blogposts"),
  call("optional", "read:content.metadata", "POST /wiki/api/v2/content/convert-ids-to-types"),
  call("optional", "read:attachment", "GET /wiki/api/v2/attachments/{id}"),
  call("optional", "read:attachment", "GET /wiki/rest/api/content/{id}/child/attachment/{id}/download"),
  call("optional", "read:user", "POST /wiki/api/v2/users-bulk"),
  // For sources whose searches go by who may see what.
  call("optional", "read:content-details", "GET /wiki/rest/api/content/{id}/restriction/byOperation/read"),
  call("optional", "read:content.permission", "POST /wiki/rest/api/content/{id}/permission/check"),
  call("optional", "read:group", "GET /wiki/rest/api/group"),
  call("optional", "read:group", "GET /wiki/rest/api/group/{id}/membersByGroupId"),
  call("optional", "read:space", "GET /wiki/api/v2/spaces/{id}/permissions"),
  call("optional", "read:space.permission", "GET /wiki/api/v2/space-role-mode"),
  call("optional", "read:space.permission", "GET /wiki/api/v2/space-roles"),
  call("optional", "read:space.permission", "GET /wiki/api/v2/spaces/{id}/role-assignments"),
  ...FOLDER_KINDS.map((kind) => call("optional", `read:${kind}`, `GET /wiki/api/v2/${kind}s/{id}`)),
];

export type ScopePurpose = {
  /** What a sync uses it for. */
  for: string;
  /** What is lost without it; null: a sync cannot work. */
  without: string | null;
};

/** What each scope of `SCOPED_CALLS` is for, in the words that people read wherever scopes are named. */
export const SCOPES: Readonly<Record<string, ScopePurpose>> = {
  "read:content-details:confluence": {
    for: "knowing the account, searching for what changed, and restrictions",
    without: null,
  },
  "read:space:confluence": { for: "finding spaces, and their permissions", without: null },
  "read:page:confluence": { for: "listing and fetching pages and blog posts", without: null },
  "read:label:confluence": { for: "labels", without: "labels are not updated; the stored ones stay" },
  "read:content.metadata:confluence": {
    for: "which comments and files are gone",
    without: "comments and files deleted in Confluence stay",
  },
  "read:attachment:confluence": { for: "the text of files", without: "the text of files is not found" },
  "read:user:confluence": {
    for: "names of people",
    without: "mentioned people are stored without their names",
  },
  "read:content.permission:confluence": {
    for: "whether somebody may see a page, where nothing else tells it",
    without: "what is below folders that nothing else proves stays hidden, and hits are not verified live",
  },
  "read:group:confluence": {
    for: "members of groups",
    without: "what somebody may see as a member of a group stays hidden",
  },
  "read:space.permission:confluence": {
    for: "roles of spaces",
    without: "what somebody may see by a role of a space stays hidden",
  },
  ...Object.fromEntries(
    FOLDER_KINDS.map((kind) => [
      `read:${kind}:confluence`,
      { for: `breadcrumbs through ${kind}s`, without: `breadcrumbs omit ${kind}s that are not known yet` },
    ]),
  ),
};

/** What a sync lacks without the scope. */
export function lossWithout(scope: string | null): string {
  return (scope === null ? null : SCOPES[scope]?.without) ?? "what it is needed for fails";
}

/** The call of this path and its scope; null for a path that the sync never calls. */
export function scopedCall(path: string): ScopedCall | null {
  return SCOPED_CALLS.find((known) => known.path.test(path)) ?? null;
}

/** Atlassian's words in the body, and its header, for a token that is valid and lacks the scope of this call. */
const IN_BODY = /scope does not match/i;
const IN_HEADER = /FAILURE_CLIENT_SCOPE_CHECK/i;

/** Whether a 401 says that the token lacks a scope, as opposed to being no good. */
export function isScopeFailure(header: (name: string) => string | null, body: string): boolean {
  return IN_HEADER.test(header("x-failure-category") ?? "") || IN_BODY.test(body);
}
