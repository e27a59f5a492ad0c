import { parseEnv } from "#shared/env.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import { parseBaseUrl } from "#shared/confluence/address-guard.ts";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runOneOf } from "#infra/local/runner/run-command.ts";
import { listRestHooks, registerRestHooks, removeRestHooks } from "./rest-hooks.ts";

const site = {
  "base-url": { type: "text", value: "URL", required: true, description: "https://YOUR-SITE.atlassian.net" },
  email: {
    type: "text",
    value: "EMAIL",
    required: true,
    description: "of the administrator whose token it is",
  },
  "allow-loopback": {
    type: "flag",
    description: "lets URL be on this machine (npm run confluence), as ALLOW_LOOPBACK=true does",
  },
} as const;
const url = {
  type: "text",
  value: "URL",
  required: true,
  description: "where deliveries go: `url` of POST /api/confluence/sites/{site_id}/hooks",
} as const;

const more =
  "Not supported by Atlassian: the route is undocumented and its deliveries are unsigned and not repeated. CONFLUENCE_TOKEN holds the administrator's classic API token.";

type SiteOptions = { "base-url": string; email: string; "allow-loopback": boolean };

function siteOf({ "base-url": baseUrl, email, "allow-loopback": allowLoopback }: SiteOptions) {
  const env = parseEnv(process.env);
  const policy = { allowedHosts: env.ALLOWED_HOSTS, allowLoopback: allowLoopback || env.ALLOW_LOOPBACK };
  const token = variable("CONFLUENCE_TOKEN", "the administrator's API token");
  return {
    base: parseBaseUrl(baseUrl, policy),
    authorization: `Basic ${Buffer.from(`${email}:${token}`).toString("base64")}`,
    fetch: guardedFetch(policy),
  };
}

function variable(name: string, holds: string): string {
  const value = process.env[name];
  if (!value) throw new UsageError(`${name} is not set: it holds ${holds}`);
  return value;
}

await runOneOf({
  name: "CONFLUENCE_TOKEN=… npm run hook --",
  does: "Confluence's REST hooks, which Atlassian does not support: registers, lists and removes those of this service.",
  commands: {
    register: defineCommand({
      name: "CONFLUENCE_TOKEN=… HOOK_SECRET=… npm run hook -- register",
      does: "Registers a REST hook for each event of pages (not supported by Atlassian)",
      options: { ...site, url },
      more: `${more} HOOK_SECRET holds the hook's secret.`,
      run: async (options) => {
        const secret = variable("HOOK_SECRET", "the secret of the hook");
        const events = await registerRestHooks(siteOf(options), { deliveriesTo: options.url, secret });
        process.stdout.write(`Registered: ${events.join(", ")}\n`);
      },
    }),
    list: defineCommand({
      name: "CONFLUENCE_TOKEN=… npm run hook -- list",
      does: "Lists the REST hooks of this service on the site",
      options: site,
      more,
      run: async (options) => {
        for (const hook of await listRestHooks(siteOf(options)))
          process.stdout.write(`${JSON.stringify(hook)}\n`);
      },
    }),
    remove: defineCommand({
      name: "CONFLUENCE_TOKEN=… npm run hook -- remove",
      does: "Removes the REST hooks that deliver to an address",
      options: { ...site, url },
      more,
      run: async (options) => {
        const removed = await removeRestHooks(siteOf(options), options.url);
        process.stdout.write(`Removed ${removed}\n`);
      },
    }),
  },
});
