import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeKeyFileTokenCipher } from "#shared/crypto/key-file-token-cipher.ts";

describe("key-file token cipher", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "token-cipher-"));
    path = join(folder, "state", "token.key");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("the key-file cipher decrypts what it encrypted, for the same source only", async () => {
    const cipher = await makeKeyFileTokenCipher(path);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), fc.string(), async (token, a, b) => {
        const ciphertext = await cipher.encrypt(token, a);
        expect(await cipher.decrypt(ciphertext, a)).toBe(token);
        fc.pre(a !== b);
        await expect(cipher.decrypt(ciphertext, b)).rejects.toMatchObject({ code: "token_undecryptable" });
      }),
    );
  });

  it("the key-file cipher never makes the same ciphertext twice and never shows the token in it", async () => {
    const cipher = await makeKeyFileTokenCipher(path);
    const made = await Promise.all(Array.from({ length: 50 }, () => cipher.encrypt("demo-token", "docs")));
    expect(new Set(made).size).toBe(50);
    expect(made.join()).not.toContain("demo-token");
    expect(made.join()).not.toContain(Buffer.from("demo-token").toString("base64url").slice(0, 10));
  });

  it("the key-file cipher refuses a ciphertext in which one character was changed", async () => {
    const cipher = await makeKeyFileTokenCipher(path);
    const ciphertext = await cipher.encrypt("demo-token", "docs");
    for (let index = 0; index < ciphertext.length - 1; index += 1) {
      const changed = `${ciphertext.slice(0, index)}${ciphertext[index] === "A" ? "B" : "A"}${ciphertext.slice(index + 1)}`;
      await expect(cipher.decrypt(changed, "docs")).rejects.toMatchObject({ code: "token_undecryptable" });
    }
  });

  it("the key-file cipher creates a key that only its owner can read, once, however many start at the same time", async () => {
    const ciphers = await Promise.all(Array.from({ length: 8 }, () => makeKeyFileTokenCipher(path)));
    const ciphertext = await ciphers[0]!.encrypt("demo-token", "docs");
    for (const cipher of ciphers) expect(await cipher.decrypt(ciphertext, "docs")).toBe("demo-token");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await readFile(path, "utf8"), "base64")).toHaveLength(32);
    expect(await readdir(join(folder, "state"))).toEqual(["token.key"]);
  });

  it("the key-file cipher refuses a key file that others may read or that holds no key, and says what to do", async () => {
    await makeKeyFileTokenCipher(path);
    await chmod(path, 0o644);
    await expect(makeKeyFileTokenCipher(path)).rejects.toThrow(/chmod 600/);
    await chmod(path, 0o600);
    await writeFile(path, "too short");
    await expect(makeKeyFileTokenCipher(path)).rejects.toThrow(/32 bytes/);
  });
});
