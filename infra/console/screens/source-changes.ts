import type { Calls, Source } from "#infra/console/api/types.ts";

export type SettingsForm = {
  title: string;
  /** Minutes; empty: on demand only. */
  interval: string;
  strategy: Source["deletion_strategy"];
  blogposts: boolean;
  comments: Source["content"]["comments"];
  attachments: boolean;
  access: Source["access"]["mode"];
  containers: Source["access"]["unreadable_containers"];
  verify: Source["access"]["verify"];
};

type Changes = Calls["updateSource"]["body"];
type Stored = Pick<Source, "title" | "sync_interval_minutes" | "deletion_strategy" | "content" | "access">;

/** The settings of a source as the form shows them. */
export function formOf(source: Stored): SettingsForm {
  return {
    title: source.title,
    interval: source.sync_interval_minutes === null ? "" : String(source.sync_interval_minutes),
    strategy: source.deletion_strategy,
    blogposts: source.content.blogposts,
    comments: source.content.comments,
    attachments: source.content.attachments,
    access: source.access.mode,
    containers: source.access.unreadable_containers,
    verify: source.access.verify,
  };
}

/**
 * What a person changed, and nothing else: whoever changed another setting meanwhile keeps it. Null: nothing. Asking Confluence about
 * each hit needs a person, so with another access it ends.
 */
export function changesOf(source: Stored, edits: Partial<SettingsForm>): Changes | null {
  const before = formOf(source);
  const after = { ...before, ...edits };
  const changed = (name: keyof SettingsForm) => after[name] !== before[name];
  const verify = after.access === "per_user" ? after.verify : "stored";
  const content = {
    ...(changed("blogposts") ? { blogposts: after.blogposts } : {}),
    ...(changed("comments") ? { comments: after.comments } : {}),
    ...(changed("attachments") ? { attachments: after.attachments } : {}),
  };
  const changes: Changes = {
    ...(changed("title") ? { title: after.title } : {}),
    ...(changed("interval")
      ? { sync_interval_minutes: after.interval === "" ? null : Number(after.interval) }
      : {}),
    ...(changed("strategy") ? { deletion_strategy: after.strategy } : {}),
    ...(Object.keys(content).length > 0 ? { content } : {}),
    ...(changed("access") ? { access: after.access } : {}),
    ...(changed("containers") && after.access !== "everything"
      ? { unreadable_containers: after.containers }
      : {}),
    ...(verify === before.verify ? {} : { verify }),
  };
  return Object.keys(changes).length > 0 ? changes : null;
}
