import { BlockList, isIP } from "node:net";

/**
 * Addresses that a public site never has (IANA special-purpose registries for IPv4 and IPv6): private, shared (CGNAT),
 * link-local (cloud metadata services live there), documentation, benchmarking, multicast, reserved. IPv6 is the other way
 * round: only global unicast is public, less the ranges within it that carry an IPv4 address or are set aside.
 */
const refusedIPv4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];
const refusedIPv6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

const refused = blockList(refusedIPv4, refusedIPv6);
const loopback = blockList(["127.0.0.0/8"], ["::1/128"]);
const globalUnicast = blockList([], ["2000::/3"]);

/** The kind of an IP literal; IPv4 inside IPv6 (`::ffff:127.0.0.1`) counts as that IPv4 address. */
export function addressKind(address: string): "public" | "loopback" | "refused" {
  const plain = unwrapMappedIPv4(address.split("%")[0] ?? "");
  const family = isIP(plain);
  if (family === 0) return "refused";
  const name = family === 4 ? "ipv4" : "ipv6";
  if (loopback.check(plain, name)) return "loopback";
  if (refused.check(plain, name)) return "refused";
  return family === 4 || globalUnicast.check(plain, name) ? "public" : "refused";
}

/** `::ffff:a.b.c.d`, in dotted or hexadecimal spelling, as `a.b.c.d`; anything else as it is. */
function unwrapMappedIPv4(address: string): string {
  if (isIP(address) !== 6) return address;
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const high = Number.parseInt(mapped[1] ?? "", 16);
  const low = Number.parseInt(mapped[2] ?? "", 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function blockList(ipv4: string[], ipv6: string[]): BlockList {
  const list = new BlockList();
  const add = (range: string, family: "ipv4" | "ipv6") => {
    const [network = "", prefix = ""] = range.split("/");
    list.addSubnet(network, Number(prefix), family);
  };
  for (const range of ipv4) add(range, "ipv4");
  for (const range of ipv6) add(range, "ipv6");
  return list;
}
