import { describe, expect, it } from "vitest";
import { gatewayOf, isLoopbackUrl, parseBaseUrl } from "#shared/confluence/address-guard.ts";
import { addressKind } from "#shared/confluence/ip-ranges.ts";

const cloud = { allowedHosts: [".atlassian.net", "api.atlassian.com"], allowLoopback: false };
const local = { ...cloud, allowLoopback: true };

describe("the base address", () => {
  it.each([
    ["https://site.atlassian.net", "https://site.atlassian.net"],
    ["https://site.atlassian.net/", "https://site.atlassian.net"],
    ["https://site.atlassian.net/wiki", "https://site.atlassian.net"],
    ["https://site.atlassian.net/wiki/", "https://site.atlassian.net"],
    ["https://site.atlassian.net/wiki/spaces/DEMO/overview", "https://site.atlassian.net"],
    ["https://SITE.Atlassian.NET/wiki", "https://site.atlassian.net"],
    ["https://site.atlassian.net.", "https://site.atlassian.net"],
    ["https://site.atlassian.net:443/wiki", "https://site.atlassian.net"],
    ["https://api.atlassian.com/ex/confluence/1a2b-3c", "https://api.atlassian.com/ex/confluence/1a2b-3c"],
    ["https://api.atlassian.com/ex/confluence/1/", "https://api.atlassian.com/ex/confluence/1"],
    ["https://api.atlassian.com/ex/confluence/1/wiki", "https://api.atlassian.com/ex/confluence/1"],
    [
      "https://api.atlassian.com/ex/confluence/1a2b-3c/wiki/",
      "https://api.atlassian.com/ex/confluence/1a2b-3c",
    ],
    [
      "https://api.atlassian.com/ex/confluence/1a2b-3c/wiki/spaces/DEMO",
      "https://api.atlassian.com/ex/confluence/1a2b-3c",
    ],
    ["https://site.atlassian.net:8443/wiki", "https://site.atlassian.net:8443"],
  ])("the base URL %s is %s", (input, expected) => {
    expect(parseBaseUrl(input, cloud)).toBe(expected);
  });

  it.each([
    "",
    "site.atlassian.net",
    "ftp://site.atlassian.net",
    "file:///etc/passwd",
    "https://",
    "http://site.atlassian.net",
    "https://user:secret@site.atlassian.net",
    "https://site.atlassian.net@evil.example",
    "https://site.atlassian.net/confluence",
    "https://site.atlassian.net/wiki?x=1",
    "https://site.atlassian.net/wiki#top",
    "https://api.atlassian.com/ex/jira/1a2b",
    "https://api.atlassian.com/ex/confluence/..%2f..",
    "https://api.atlassian.com/ex/confluence/",
    "https://api.atlassian.com/x/ex/confluence/1a2b",
    "https://api.atlassian.com/ex/confluence/1a2b/wikipedia",
    "https://api.atlassian.com/ex/confluence/1a2b/x",
    "https://site.atlassian.net/x/wiki",
    "https://site.atlassian.net/wikipedia",
  ])("the base URL cannot be %j", (input) => {
    expect(() => parseBaseUrl(input, cloud)).toThrow(
      expect.objectContaining({ status: 422, code: "invalid_base_url" }),
    );
  });

  it.each([
    "https://evil.example",
    "https://atlassian.net",
    "https://evilatlassian.net",
    "https://site.atlassian.net.evil.example",
    "https://evil.example/.atlassian.net",
    String.raw`https://evil.example\.atlassian.net`,
    "https://api.atlassian.com.evil.example/ex/confluence/1",
    "https://x.api.atlassian.com",
    "https://localhost",
    "https://LOCALHOST.",
    "https://127.0.0.1",
    "https://127.0.0.1.",
    "https://127.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://0177.0.0.1",
    "https://017700000001",
    "https://127.0.0.1:8443/wiki",
    "https://１２７.0.0.1",
    "https://127。0。0。1",
    "https://0",
    "https://0.0.0.0",
    "https://[::]",
    "https://[::1]",
    "https://[0:0:0:0:0:0:0:1]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[64:ff9b::7f00:1]",
    "https://10.0.0.1",
    "https://10.1",
    "https://172.16.0.1",
    "https://192.168.1.1",
    "https://3232235777",
    "https://169.254.169.254",
    "https://0xa9fea9fe",
    "https://2852039166",
    "https://[::ffff:a9fe:a9fe]",
    "https://[fd00:ec2::254]",
    "https://[fe80::1]",
    "https://100.64.0.1",
    "https://8.8.8.8",
    "https://[2606:4700:4700::1111]",
    "https://metadata.google.internal",
    "http://169.254.169.254/latest/meta-data",
  ])("the base URL is not allowed to be %j", (input) => {
    expect(() => parseBaseUrl(input, cloud)).toThrow(
      expect.objectContaining({ status: 422, code: "address_refused" }),
    );
  });

  it.each([
    ["http://127.0.0.1:4000/wiki", "http://127.0.0.1:4000"],
    ["http://localhost:4000", "http://localhost:4000"],
    ["http://[::1]:4000/", "http://[::1]:4000"],
    ["https://site.atlassian.net", "https://site.atlassian.net"],
  ])("the base URL may be loopback in the local runner: %s", (input, expected) => {
    expect(parseBaseUrl(input, local)).toBe(expected);
  });

  it.each(["http://10.0.0.1", "http://169.254.169.254", "http://0.0.0.0:4000", "http://evil.example"])(
    "the base URL may be no other private address in the local runner: %s",
    (input) => {
      expect(() => parseBaseUrl(input, local)).toThrow(expect.objectContaining({ code: "address_refused" }));
    },
  );

  it("the base URL may be another host that is configured, exactly or by suffix, in any case", () => {
    const policy = { allowedHosts: ["Wiki.Example", ".Corp.Example"], allowLoopback: false };
    expect(parseBaseUrl("https://wiki.example/wiki", policy)).toBe("https://wiki.example");
    expect(parseBaseUrl("https://a.corp.example", policy)).toBe("https://a.corp.example");
    expect(() => parseBaseUrl("https://x.wiki.example", policy)).toThrow(/not among the allowed hosts/);
    expect(() => parseBaseUrl("https://corp.example", policy)).toThrow(/not among the allowed hosts/);
  });

  it.each([
    ["8.8.8.8", "an IP address"],
    ["[2606:4700:4700::1111]", "an IP address"],
    ["10.0.0.1", "an IP address"],
    ["127.0.0.1", "a loopback address"],
    ["localhost", "a loopback address"],
    ["[::1]", "a loopback address"],
  ])("no configuration of hosts allows %s, for it is %s", (host, reason) => {
    const policy = { allowedHosts: [host, host.replaceAll(/[[\]]/g, "")], allowLoopback: false };
    expect(() => parseBaseUrl(`https://${host}`, policy)).toThrow(
      expect.objectContaining({
        code: "address_refused",
        message: expect.stringContaining(`${host}, which is ${reason}`),
        details: { host },
      }),
    );
  });

  it("a suffix allows no name that is nothing but the suffix", () => {
    const policy = { allowedHosts: [".corp.example", ".Other.Example"], allowLoopback: false };
    for (const host of [".corp.example", ".other.example"])
      expect(() => parseBaseUrl(`https://${host}`, policy)).toThrow(/not among the allowed hosts/);
  });
});

describe("Atlassian's gateway", () => {
  it("has every site by its id; a site on this machine is its own gateway", () => {
    expect(gatewayOf("https://site.atlassian.net", "1a2b-3c")).toBe(
      "https://api.atlassian.com/ex/confluence/1a2b-3c",
    );
    expect(gatewayOf("http://127.0.0.1:4000/wiki", "1a2b")).toBe("http://127.0.0.1:4000/ex/confluence/1a2b");
  });

  it.each([
    ["http://localhost:4000", true],
    ["https://127.0.0.2/wiki", true],
    ["http://[::1]:4000", true],
    ["http://[::ffff:127.0.0.1]", true],
    ["https://site.atlassian.net", false],
    ["https://localhost.atlassian.net", false],
    ["http://[2606:4700:4700::1111]", false],
  ])("a site at %s is on this machine: %j", (url, expected) => {
    expect(isLoopbackUrl(url)).toBe(expected);
  });
});

describe("an address that a name resolves to", () => {
  it.each([
    "0.0.0.0",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::7f00:1",
    "::ffff:7f00:1:1",
    "::ffff:a00:1",
    "::ffff:198.51.100.1",
    "::ffff:10.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fe80::1%eth0",
    "ff02::1",
    "not an address",
  ])("the resolved address %s is refused", (address) => {
    expect(addressKind(address)).toBe("refused");
  });

  it.each(["127.0.0.1", "127.255.255.254", "::1", "::1%lo", "::ffff:127.0.0.1", "::ffff:7f00:1"])(
    "the resolved address %s is loopback",
    (address) => {
      expect(addressKind(address)).toBe("loopback");
    },
  );

  it.each([
    "8.8.8.8",
    "100.63.255.255",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "2606:4700::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:198.51.99.1",
  ])("the resolved address %s is public", (address) => {
    expect(addressKind(address)).toBe("public");
  });
});
