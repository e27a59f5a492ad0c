import type { LookupAddress } from "node:dns";
import { describe, expect, it } from "vitest";
import { guardedLookup } from "#shared/confluence/address-guard.ts";

describe("the lookup of a connection", () => {
  const found = (addresses: string[]) => {
    const resolver = (
      _name: string,
      _options: object,
      callback: (error: null, addresses: LookupAddress[]) => void,
    ) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );
    return (allowLoopback: boolean, all: boolean) =>
      new Promise((resolve, reject) => {
        guardedLookup({ allowLoopback }, resolver)("name.example", { all }, (error, result) =>
          error ? reject(error) : resolve(result),
        );
      });
  };

  it("the guarded lookup passes on the addresses that it checked", async () => {
    const addresses = ["8.8.8.8", "2606:4700:4700::1111"];
    expect(await found(addresses)(false, true)).toEqual([
      { address: "8.8.8.8", family: 4 },
      { address: "2606:4700:4700::1111", family: 6 },
    ]);
    expect(await found(addresses)(false, false)).toBe("8.8.8.8");
  });

  it("the guarded lookup asks for all addresses of the family that the connection wants", async () => {
    const asked: object[] = [];
    const lookup = guardedLookup({ allowLoopback: false }, (_name, options, callback) => {
      asked.push(options);
      callback(null, [{ address: "2606:4700:4700::1111", family: 6 }]);
    });
    const found = await new Promise((resolve) => {
      lookup("name.example", { family: 6, hints: 32, all: false }, (...answer) => resolve(answer));
    });
    expect(asked).toEqual([{ all: true, family: 6, hints: 32 }]);
    expect(found).toEqual([null, "2606:4700:4700::1111", 6]);
  });

  it("the guarded lookup fails as the resolver does", async () => {
    const failure = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    const lookup = guardedLookup({ allowLoopback: false }, (_name, _options, callback) =>
      callback(failure, []),
    );
    const error = await new Promise((resolve) => lookup("name.example", { all: true }, resolve));
    expect(error).toBe(failure);
  });

  it.each([[["10.0.0.1"]], [["8.8.8.8", "127.0.0.1"]], [["8.8.8.8", "::ffff:a9fe:a9fe"]], [[]]])(
    "the guarded lookup refuses a name when any of its addresses is not public: %j",
    async (addresses) => {
      await expect(found(addresses)(false, true)).rejects.toMatchObject({ code: "address_refused" });
    },
  );

  it("the guarded lookup allows loopback in the local runner only", async () => {
    expect(await found(["127.0.0.1"])(true, false)).toBe("127.0.0.1");
    await expect(found(["127.0.0.1"])(false, false)).rejects.toMatchObject({ code: "address_refused" });
    await expect(found(["192.168.0.1"])(true, false)).rejects.toMatchObject({ code: "address_refused" });
  });
});
