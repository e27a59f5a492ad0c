import { describe, expect, it } from "vitest";
import { updateSource } from "#functions/api/contract/sources.ts";
import { changesOf, type formOf, type SettingsForm } from "#infra/console/screens/source-changes.ts";

type Stored = Parameters<typeof formOf>[0];

const source = (access: Partial<Stored["access"]> = {}): Stored => ({
  title: "Docs",
  sync_interval_minutes: 60,
  deletion_strategy: "on_demand",
  content: { blogposts: true, comments: "open", attachments: true },
  access: {
    mode: "unrestricted",
    mode_before: null,
    unreadable_containers: "hide",
    verify: "stored",
    verified_at: null,
    sweep: null,
    restricted_contents: null,
    containers_hidden: null,
    containers_trusted: null,
    ...access,
  },
});

describe("what is saved of a source's settings", () => {
  it.each<[Partial<SettingsForm>, Record<string, unknown> | null]>([
    [{}, null],
    [{ title: "Docs", access: "unrestricted", attachments: true }, null],
    [{ title: "Other" }, { title: "Other" }],
    [{ interval: "" }, { sync_interval_minutes: null }],
    [{ interval: "15" }, { sync_interval_minutes: 15 }],
    [{ attachments: false }, { content: { attachments: false } }],
    [{ comments: "none", blogposts: true }, { content: { comments: "none" } }],
    [{ strategy: "every_sync" }, { deletion_strategy: "every_sync" }],
    [{ access: "everything" }, { access: "everything" }],
    [{ containers: "trust" }, { unreadable_containers: "trust" }],
    [
      { access: "per_user", verify: "live" },
      { access: "per_user", verify: "live" },
    ],
  ])("of the edits %j is only what differs: %j", (edits, expected) => {
    const changes = changesOf(source(), edits);
    expect(changes).toEqual(expected);
    if (changes) expect(updateSource.body?.safeParse(changes).success).toBe(true);
  });

  it("is not what somebody else has changed since the form was opened", () => {
    const later = source({ mode: "per_user", verify: "live" });
    expect(changesOf({ ...later, title: "Docs of A" }, { interval: "30" })).toEqual({
      sync_interval_minutes: 30,
    });
  });

  it("with another access than to each person ends that hits are checked live", () => {
    const live = source({ mode: "per_user", verify: "live" });
    expect(changesOf(live, { access: "everything" })).toEqual({ access: "everything", verify: "stored" });
    expect(changesOf(live, { access: "unrestricted", verify: "live" })).toEqual({
      access: "unrestricted",
      verify: "stored",
    });
    expect(changesOf(source(), { access: "everything", verify: "live", containers: "trust" })).toEqual({
      access: "everything",
    });
    expect(changesOf(live, { title: "x" })).toEqual({ title: "x" });
  });
});
