import { UserError } from "#shared/errors.ts";
import { findSpaces } from "#shared/sources/find-spaces.ts";
import { permittedElsewhere } from "#functions/api/use-cases/permitted-reading.ts";
import type { ToolContext } from "#functions/api/mcp/tool.ts";

/** The sources of a space by its key or name. Throws `UserError` 404 if the reader knows none. */
export async function findSources(name: string, { services, caller, asked }: ToolContext): Promise<string[]> {
  const { readable, permissions } = await permittedElsewhere({ caller, asked }, services);
  const { withheldSources } = permissions;
  const sources = await findSpaces(services.sql, { name: name.trim(), readable, withheldSources });
  if (sources.length > 0) return sources;
  throw new UserError(
    404,
    "source_not_found",
    `Space ${JSON.stringify(name)} not found: use a key or a name that list_confluence_spaces returns, or leave space out`,
  );
}
