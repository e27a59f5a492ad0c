import type { ApiClient } from "#test/support/api-client.ts";

/** What the API warns of a source, except that it shows everything, as sources of tests do. */
export async function warningsOfSource(
  api: ApiClient,
  path: string,
): Promise<{ code: string; message: string }[]> {
  const { warnings } = (await api("GET", path)).body;
  return warnings.filter(({ code }: { code: string }) => code !== "access_everything");
}
