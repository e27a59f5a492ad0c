import type { Source } from "#infra/console/api/types.ts";
import type { Choices } from "#infra/console/parts/choices.ts";

export const STRATEGY_CHOICES: Choices<Source["deletion_strategy"]> = [
  ["weekly_reconciliation", "once a week"],
  ["every_sync", "after each sync"],
  ["on_demand", "only when asked"],
];

export const COMMENT_CHOICES: Choices<Source["content"]["comments"]> = [
  ["none", "none"],
  ["open", "open threads"],
  ["all", "all, also resolved ones"],
];

export const ACCESS_CHOICES: Choices<Source["access"]["mode"]> = [
  ["unrestricted", "pages without view restrictions"],
  ["per_user", "to each person what they may read in Confluence"],
  ["everything", "everything that the syncing account sees, to everyone"],
];

export const CONTAINER_CHOICES: Choices<Source["access"]["unreadable_containers"]> = [
  ["hide", "pages are hidden"],
  ["trust", "pages are shown as if there were none"],
];

export const VERIFY_CHOICES: Choices<Source["access"]["verify"]> = [
  ["stored", "by the permissions that were read last"],
  ["live", "also by asking Confluence during the search"],
];
