import { parseEnv } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";
import { connectAccount } from "#functions/api/use-cases/connect-account.ts";
import type { SiteAccess } from "#functions/runtime/services.ts";
import { bearerSource, type BearerSource } from "#shared/confluence/client-credentials.ts";
import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import { guardedFetch, type Fetch } from "#shared/confluence/guarded-fetch.ts";
import { parseBaseUrl, type AddressPolicy } from "#shared/confluence/address-guard.ts";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import type { ProbeResponse, ProbeResult } from "./probe-result.ts";
import { runProbes } from "./probes.ts";

const probe = defineCommand({
  name: "CONFLUENCE_TOKEN=… npm run probe --",
  does: `Asks a Confluence site for each thing that the sync takes for granted about its API, reading only, and prints which held.
Exit 0: all held, or could not be determined; 1: one did not; 2: could not ask.`,
  options: {
    "base-url": {
      type: "text",
      value: "URL",
      required: true,
      description: "https://YOUR-SITE.atlassian.net",
    },
    email: {
      type: "text",
      value: "EMAIL",
      description: "of the account that the token belongs to; without it the token is sent as Bearer",
    },
    "client-id": {
      type: "text",
      value: "ID",
      description: "of a service account's client credentials, in place of --email",
    },
    space: { type: "text", value: "KEY", required: true, description: "a space that the account sees" },
    "allow-loopback": {
      type: "flag",
      description: "lets URL be on this machine (npm run confluence), as ALLOW_LOOPBACK=true does",
    },
    json: { type: "flag", description: "one JSON object a line" },
  },
  more: "CONFLUENCE_TOKEN holds the account's API token, or with --client-id the client secret; ALLOWED_HOSTS names the hosts that URL may have.",
  failed: 2,
  run: async ({
    "base-url": baseUrl,
    email = null,
    "client-id": clientId = null,
    space,
    "allow-loopback": allowLoopback,
    json,
  }) => {
    const apiToken = process.env.CONFLUENCE_TOKEN;
    if (!apiToken) {
      const held = clientId === null ? "the account's API token" : "the client secret of --client-id";
      throw new UsageError(`CONFLUENCE_TOKEN is not set: it holds ${held}`);
    }
    if (email !== null && clientId !== null)
      throw new UsageError(
        "--email and --client-id are both set: an API token has an e-mail address, client credentials an id",
      );
    const env = parseEnv(process.env);
    const policy = { allowedHosts: env.ALLOWED_HOSTS, allowLoopback: allowLoopback || env.ALLOW_LOOPBACK };
    const access = { baseUrl: allowedBase(baseUrl, policy), email, clientId, apiToken };
    const fetch = guardedFetch(policy);
    const services = { fetch, now: () => new Date(), random: Math.random, cache: new Map() };
    const open = (site: SiteAccess) =>
      makeConfluenceClient({ ...site, bearer: bearerOf(site, services), ...policy, ...services });
    const { apiBase } = await connectAccount(access, { confluence: open });
    const bearer = bearerOf({ ...access, baseUrl: apiBase }, services);
    const authorization = bearer ? `Bearer ${await bearer()}` : authorizationOf(email, apiToken);
    const send = sender(apiBase, authorization, fetch);
    const results = await runProbes({
      space,
      get: (path) => send(path),
      post: (path, body) => send(path, body),
      now: () => new Date(),
    });
    for (const result of results) process.stdout.write(json ? `${JSON.stringify(result)}\n` : line(result));
    return results.some((result) => result.held === false) ? 1 : 0;
  },
});

function bearerOf(site: SiteAccess, services: Parameters<typeof bearerSource>[2]): BearerSource | undefined {
  const { baseUrl, clientId, apiToken: clientSecret } = site;
  return clientId ? bearerSource(baseUrl, { clientId, clientSecret }, services) : undefined;
}

function authorizationOf(email: string | null, apiToken: string): string {
  if (email === null) return `Bearer ${apiToken}`;
  return `Basic ${Buffer.from(`${email}:${apiToken}`).toString("base64")}`;
}

function allowedBase(baseUrl: string, policy: AddressPolicy): string {
  try {
    return parseBaseUrl(baseUrl, policy);
  } catch (error) {
    if (!(error instanceof UserError && error.code === "address_refused")) throw error;
    throw new UserError(
      error.status,
      error.code,
      `${error.message}, and the token would be sent there. --allow-loopback allows this machine, ALLOWED_HOSTS further hosts`,
      { cause: error },
    );
  }
}

function line({ held, assumption, seen }: ProbeResult): string {
  const mark = held === null ? "  ?  " : held ? "held " : "WRONG";
  return `${mark}  ${assumption}\n       ${seen}\n`;
}

function sender(
  base: string,
  authorization: string,
  fetch: Fetch,
): (path: string, body?: unknown) => Promise<ProbeResponse> {
  return async (path, body) => {
    const response = await fetch(base + path, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization, accept: "application/json", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(20_000),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    return { status: response.status, header: (name) => response.headers.get(name), json: parseJson(text) };
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

await runCommand(probe);
