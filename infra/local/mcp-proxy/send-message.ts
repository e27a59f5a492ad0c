import { awsSigner, regionOfApi } from "#infra/local/aws-signer.ts";
import { UsageError } from "#infra/local/runner/command-options.ts";
import type { SendMessage } from "./forward-messages.ts";

/** Longer than the 30 s that API Gateway waits for a response. */
const TIMEOUT_MS = 40_000;

export type ServiceAddress = {
  /** Of the API, with its stage where it has one. */
  url: string;
  profile?: string | undefined;
  onBehalfOf?: string | undefined;
  visibility?: string | undefined;
  apiKey: string | undefined;
  /** Whether to sign requests wherever the API is. */
  aws: boolean;
};

/** Sends messages to a service: with its key, or signed where it is an API on AWS. Throws `UsageError` for an address that is none. */
export function messageSender(address: ServiceAddress): SendMessage {
  const url = mcpUrl(address);
  const region = regionOfApi(url.hostname);
  const isSigned = address.aws || (region !== null && address.apiKey === undefined);
  const sign = isSigned ? awsSigner(region) : null;
  const authorization = address.apiKey === undefined ? {} : { authorization: `Bearer ${address.apiKey}` };
  return async (body, { headers: own, signal: cancelled }) => {
    const headers = {
      ...own,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const signal = AbortSignal.any([cancelled, AbortSignal.timeout(TIMEOUT_MS)]);
    // The key is for this address alone.
    const options = { signal, redirect: "manual" } as const;
    if (sign) return fetch(await sign(url, { method: "POST", headers, body }), options);
    return fetch(url, { method: "POST", headers: { ...headers, ...authorization }, body, ...options });
  };
}

function mcpUrl({ url: text, profile, onBehalfOf, visibility }: ServiceAddress): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol))
    throw new UsageError("--url is not the URL of a service: http://127.0.0.1:3000, for one");
  if (url.username !== "" || url.password !== "" || url.search !== "")
    throw new UsageError("--url must have no credentials and no query");
  url.pathname = `${url.pathname.replace(/\/(?:mcp\/?)?$/, "")}/mcp${profile === undefined ? "" : `/${profile}`}`;
  if (onBehalfOf !== undefined) url.searchParams.set("on_behalf_of", onBehalfOf);
  if (visibility !== undefined) url.searchParams.set("visibility", visibility);
  return url;
}
