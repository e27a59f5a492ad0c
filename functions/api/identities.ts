import { z } from "zod";
import {
  listIdentities as readIdentities,
  putIdentities as write,
} from "#shared/access/readers/identities.ts";
import { listIdentities, putIdentities } from "#functions/api/contract/identities.ts";
import { cursorText, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const position = z.tuple([cursorText, cursorText]);

/** GET and PUT /api/identities: which Confluence account a person of another directory is. */
export const handler = httpHandler(
  route(listIdentities)([database], async ({ query }, { sql }) => {
    const after = readCursor("identities", position, query.cursor);
    const rows = await readIdentities(sql, {
      after: after && { claim: after[0], value: after[1] },
      limit: query.limit + 1,
    });
    const page = pageOf("identities", rows, query.limit, ({ claim, value }) => [claim, value]);
    return {
      status: 200,
      body: {
        identities: page.rows.map(({ claim, value, accountId, updatedAt }) => ({
          claim,
          value,
          account_id: accountId,
          updated_at: updatedAt.toISOString(),
        })),
        next_cursor: page.nextCursor,
      },
    };
  }),
  route(putIdentities)([database], async ({ body }, { sql, now }) => {
    const changes = body.identities.map(({ account_id: accountId, ...identity }) => ({
      ...identity,
      accountId,
    }));
    return { status: 200, body: await write(sql, changes, now()) };
  }),
);
