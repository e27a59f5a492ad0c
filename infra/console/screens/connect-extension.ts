import { matchesPattern } from "#shared/sites/space-pattern.ts";
import type { Site, Source } from "#infra/console/api/types.ts";
import type { Choices } from "#infra/console/parts/choices.ts";
import {
  ACCESS_CHOICES,
  COMMENT_CHOICES,
  CONTAINER_CHOICES,
  STRATEGY_CHOICES,
  VERIFY_CHOICES,
} from "./choices.ts";

type Rule = NonNullable<Site["spaces"]>;
type Wanted = { include: readonly string[]; exclude: readonly string[] };

/** The settings of new sources that the form asks for. */
export type ChosenDefaults = {
  access: Source["access"]["mode"];
  deletion_strategy: Source["deletion_strategy"];
  sync_interval_minutes: number | null;
  content: Source["content"];
};

const NO_RULE: Rule = { include: [], exclude: [], personal: false, archived: false };

/**
 * The site's rule with what a person wants too: neither what the site excludes nor what the person does is lost. `readmitted`: keys
 * that are taken out of the site's own exclusions.
 */
export function extendedRule(rule: Rule | null, wanted: Wanted, readmitted: readonly string[]): Rule {
  const own = rule ?? NO_RULE;
  const back = new Set(readmitted.map(folded));
  return {
    ...own,
    include: distinct([...own.include, ...wanted.include]),
    exclude: distinct([...own.exclude.filter((one) => !back.has(folded(one))), ...wanted.exclude]),
  };
}

/** Of the keys that are named, those that the rule excludes, which wins; `by`: the key or pattern that does. */
export function excludedNames(rule: Rule, named: readonly string[]): { key: string; by: string }[] {
  return named
    .filter((key) => !key.includes("*"))
    .flatMap((key) => {
      const matching = rule.exclude.filter((pattern) => matchesPattern(pattern, key));
      const by = matching.find((pattern) => folded(pattern) !== folded(key)) ?? matching[0];
      return by === undefined ? [] : [{ key, by }];
    });
}

/** A setting that new sources of the site get; `chosen`: what the form says, when that differs. */
export type Applied = { term: string; applies: string; chosen: string | null };

/** What holds for new sources of a site, which are its own defaults, beside what the form says. */
export function appliedDefaults(defaults: Site["defaults"], chosen: ChosenDefaults): Applied[] {
  const one = (term: string, applies: string, wanted: string): Applied => ({
    term,
    applies,
    chosen: applies === wanted ? null : wanted,
  });
  const minutes = (value: number | null) => (value === null ? "on demand only" : String(value));
  const isSynced = (value: boolean) => (value ? "synced" : "not synced");
  const { access, content } = defaults;
  return [
    one("Search shows", textOf(ACCESS_CHOICES, access), textOf(ACCESS_CHOICES, chosen.access)),
    ...(access === "everything"
      ? []
      : [
          one(
            "Below folders whose restrictions Confluence does not tell",
            textOf(CONTAINER_CHOICES, defaults.unreadable_containers),
            textOf(CONTAINER_CHOICES, "hide"),
          ),
        ]),
    ...(access === "per_user"
      ? [
          one(
            "Each hit is checked",
            textOf(VERIFY_CHOICES, defaults.verify),
            textOf(VERIFY_CHOICES, "stored"),
          ),
        ]
      : []),
    one("Blog posts", isSynced(content.blogposts), isSynced(chosen.content.blogposts)),
    one("Files", isSynced(content.attachments), isSynced(chosen.content.attachments)),
    one(
      "Comments",
      textOf(COMMENT_CHOICES, content.comments),
      textOf(COMMENT_CHOICES, chosen.content.comments),
    ),
    one(
      "Pages deleted in Confluence are looked for",
      textOf(STRATEGY_CHOICES, defaults.deletion_strategy),
      textOf(STRATEGY_CHOICES, chosen.deletion_strategy),
    ),
    one(
      "Minutes between two syncs",
      minutes(defaults.sync_interval_minutes),
      minutes(chosen.sync_interval_minutes),
    ),
  ];
}

/** Whether a site still is what a person was shown of it. */
export function isAsShown(site: Site, shown: Site): boolean {
  const parts = ({ account_id, spaces, defaults, limits }: Site) =>
    JSON.stringify([account_id, spaces, defaults, limits]);
  return parts(site) === parts(shown);
}

function textOf<T extends string>(choices: Choices<T>, value: T): string {
  return choices.find(([one]) => one === value)?.[1] ?? value;
}

function folded(key: string): string {
  return key.toLowerCase();
}

/** As keys are compared, the first spelling stays. */
function distinct(keys: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const key of keys) if (!byKey.has(folded(key))) byKey.set(folded(key), key);
  return [...byKey.values()];
}
