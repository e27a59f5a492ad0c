import middy from "@middy/core";
import type { Context } from "aws-lambda";
import type { KeptVerdicts } from "#shared/access/live/ask-about-contents.ts";
import { verifyRequest, type Verdicts } from "#shared/access/live/hit-verifier.ts";
import { verifyContents } from "#shared/syncs/rights/verify-contents.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { beginInvocation, resolveServices } from "#functions/runtime/services.ts";

const kept: KeptVerdicts = new Map();

/** Asks Confluence about the hits of a search: apart from it, so that what serves queries has no token. */
export const handler = middy<unknown, Verdicts, Error, Context>().handler(async (event, context) => {
  beginInvocation(context);
  const services = await resolveServices([database, confluence, tokenCipher]);
  return verifyContents(verifyRequest.parse(event), services, kept);
});
