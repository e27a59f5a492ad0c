import { lookup as resolve, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { UserError } from "#shared/errors.ts";
import { addressKind } from "./ip-ranges.ts";

/** The addresses that a site may have. */
export type AddressPolicy = {
  /** Host names: exact, or with a leading dot for every subdomain. */
  allowedHosts: readonly string[];
  /** The local runner only: `http` and loopback are allowed too. */
  allowLoopback: boolean;
};

/** A connection was about to be opened to an address that the policy does not allow. */
export class AddressRefusedError extends Error {
  readonly code = "address_refused";
  constructor(host: string) {
    super(`${host} has an address that is not public`);
    this.name = "AddressRefusedError";
  }
}

/**
 * The base address of a Confluence Cloud site in its normal form: `https://site.atlassian.net` or
 * `https://api.atlassian.com/ex/confluence/{cloudId}`; a trailing slash and `/wiki` (with what follows) are removed.
 * Throws `UserError` 422: `invalid_base_url` when it cannot be one, `address_refused` when the policy does not allow its host.
 */
export function parseBaseUrl(input: string, policy: AddressPolicy): string {
  if (!URL.canParse(input)) throw invalidBaseUrl("base_url must be an absolute https address");
  const url = new URL(input);
  const host = url.hostname.replace(/\.$/, "");
  const loopback = isLoopback(host);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw invalidBaseUrl("base_url must use https");
  if (url.username !== "" || url.password !== "") {
    throw invalidBaseUrl("base_url must not contain a user name or password");
  }
  checkHost(host, policy);
  if (url.protocol === "http:" && !loopback) throw invalidBaseUrl("base_url must use https");
  if (url.search !== "" || url.hash !== "") throw invalidBaseUrl("base_url must have no query or fragment");
  return `${url.protocol}//${host}${url.port === "" ? "" : `:${url.port}`}${sitePath(url.pathname)}`;
}

/** Where Atlassian's gateway has the site with this id. A site on this machine is its own gateway: the local runner's simulated one. */
export function gatewayOf(baseUrl: string, cloudId: string): string {
  const gateway = isLoopbackUrl(baseUrl) ? new URL(baseUrl).origin : "https://api.atlassian.com";
  return `${gateway}/ex/confluence/${cloudId}`;
}

/** Whether the host is this machine. */
export function isLoopbackUrl(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

function checkHost(host: string, policy: AddressPolicy): void {
  if (isLoopback(host)) {
    if (policy.allowLoopback) return;
    throw addressRefused(host, "a loopback address");
  }
  // The URL parser has already turned every spelling of an IPv4 address (decimal, octal, hexadecimal, short) into dots.
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) throw addressRefused(host, "an IP address, not a host name");
  const rules = policy.allowedHosts.map((rule) => rule.toLowerCase());
  const allowed = rules.some((rule) =>
    rule.startsWith(".") ? host.endsWith(rule) && host !== rule : host === rule,
  );
  if (!allowed) throw addressRefused(host, "not among the allowed hosts");
}

/** The path that comes before `/wiki`: nothing on a site, `/ex/confluence/{cloudId}` on Atlassian's gateway. */
function sitePath(pathname: string): string {
  const gateway = /^\/ex\/confluence\/([A-Za-z0-9-]+)(?:\/wiki(?:\/.*)?|\/)?$/.exec(pathname);
  if (gateway) return `/ex/confluence/${gateway[1]}`;
  if (/^\/(?:wiki(?:\/.*)?)?$/.test(pathname)) return "";
  throw invalidBaseUrl("base_url must be the site's address, with or without /wiki");
}

function isLoopback(host: string): boolean {
  const literal = host.replace(/^\[|\]$/g, "");
  return host === "localhost" || (isIP(literal) !== 0 && addressKind(literal) === "loopback");
}

type Resolver = (
  hostname: string,
  options: { all: true; family?: number | "IPv4" | "IPv6"; hints?: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for sockets that refuses a host when any of its addresses is not public. It runs at connect time and passes on
 * the very addresses that it checked, so a name that changes between check and use (DNS rebinding) has no effect.
 */
export function guardedLookup(
  policy: Pick<AddressPolicy, "allowLoopback">,
  resolver: Resolver = resolve,
): LookupFunction {
  return (hostname, options, callback) => {
    const { family, hints } = options;
    resolver(hostname, { all: true, family, hints }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const [first] = addresses;
      if (!first || !addresses.every(({ address }) => mayConnect(address, policy))) {
        return callback(new AddressRefusedError(hostname), "", 0);
      }
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** Whether the policy allows a connection to this IP address. */
export function mayConnect(address: string, policy: Pick<AddressPolicy, "allowLoopback">): boolean {
  const kind = addressKind(address);
  return kind === "public" || (kind === "loopback" && policy.allowLoopback);
}

function invalidBaseUrl(message: string): UserError {
  return new UserError(422, "invalid_base_url", message);
}

function addressRefused(host: string, reason: string): UserError {
  return new UserError(422, "address_refused", `base_url names ${host}, which is ${reason}`, {
    details: { host },
  });
}
