import { z } from "zod";
import { deleteSite as markDeleted } from "#shared/sites/delete-site.ts";
import { listSites as readSites, requireSite } from "#shared/sites/site.ts";
import { countSite, listSiteSpaces as readSpaces } from "#shared/sites/site-overviews.ts";
import { deleteSite, getSite, listSites, listSiteSpaces } from "#functions/api/contract/sites.ts";
import { cursorText, cursorTime, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { siteJson } from "./responses/site-json.ts";

const sitePosition = z.tuple([cursorTime, cursorText]);
const spacePosition = z.tuple([cursorText, cursorText]);

/** Sites as the database has them: reading and deleting. */
export const handler = httpHandler(
  route(listSites)([database], async ({ query }, { sql, now }) => {
    const after = readCursor("sites", sitePosition, query.cursor);
    const rows = await readSites(sql, {
      after: after && { createdAt: new Date(after[0]), siteId: after[1] },
      limit: query.limit + 1,
    });
    const page = pageOf("sites", rows, query.limit, (site) => [site.createdAt.toISOString(), site.siteId]);
    const sites = [];
    for (const site of page.rows) sites.push(siteJson(site, await countSite(sql, site.siteId), now()));
    return { status: 200, body: { sites, next_cursor: page.nextCursor } };
  }),
  route(getSite)([database], async ({ params }, { sql, now }) => {
    const site = await requireSite(sql, params.site_id);
    return { status: 200, body: siteJson(site, await countSite(sql, site.siteId), now()) };
  }),
  route(listSiteSpaces)([database], async ({ params, query }, { sql }) => {
    const { siteId } = await requireSite(sql, params.site_id);
    const after = readCursor("site-spaces", spacePosition, query.cursor);
    const rows = await readSpaces(sql, siteId, { after, limit: query.limit + 1 });
    const page = pageOf("site-spaces", rows, query.limit, (space) => [space.spaceKey, space.spaceId]);
    return {
      status: 200,
      body: {
        spaces: page.rows.map((space) => ({
          space_id: space.spaceId,
          space_key: space.spaceKey,
          name: space.name,
          type: space.type,
          state: space.state,
          renamed_from: space.renamedFrom,
          gone_since: space.goneSince?.toISOString() ?? null,
          source_id: space.sourceId,
        })),
        next_cursor: page.nextCursor,
      },
    };
  }),
  route(deleteSite)([database], async ({ params, query }, services) => {
    const { siteId } = await requireSite(services.sql, params.site_id);
    const { sourceCount, pageCount, chunkCount } = await countSite(services.sql, siteId);
    if (!query.dry_run) await markDeleted(siteId, services);
    return {
      status: 200,
      body: {
        deleted: !query.dry_run,
        source_count: sourceCount,
        page_count: pageCount,
        chunk_count: chunkCount,
      },
    };
  }),
);
