import type { permissionsJson } from "#functions/api/responses/hit-json.ts";

type Incomplete = {
  warnings: readonly { message: string }[];
  permissions: Pick<ReturnType<typeof permissionsJson>, "withheld_sources" | "undecided_hits">;
};

/** What the results of a search may lack, and why: sentences without their full stop. */
export function searchWarnings({ warnings, permissions }: Incomplete): string[] {
  const undecided = permissions.undecided_hits;
  return [
    ...warnings.map(({ message }) => message),
    ...withheldWarnings(permissions.withheld_sources),
    ...(undecided === 0
      ? []
      : [
          `${undecided} passages were left out, because Confluence did not say in time whether they may be shown`,
        ]),
  ];
}

/** The same of a list of sources or pages. */
export function withheldWarnings({ length: withheld }: readonly string[]): string[] {
  if (withheld === 0) return [];
  return [
    `${withheld} spaces show nothing at the moment, because what is known of their permissions is too old`,
  ];
}
