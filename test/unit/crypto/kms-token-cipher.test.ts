import { describe, expect, it } from "vitest";
import { z } from "zod";
import { makeKmsTokenCipher, type KmsCall } from "#shared/crypto/kms-token-cipher.ts";

const KEY = "arn:aws:kms:eu-west-1:123456789012:key/tokens";

const request = z.object({
  KeyId: z.literal(KEY),
  Plaintext: z.base64().optional(),
  CiphertextBlob: z.base64().optional(),
  EncryptionContext: z.record(z.string(), z.string()),
});
const textOf = (base64 = "") => Buffer.from(base64, "base64").toString();
const base64Of = (text: string) => Buffer.from(text).toString("base64");

/** A KMS whose ciphertext is the request itself, which it wants back unchanged. */
const reflectingKms: KmsCall = async (operation, input) => {
  const { Plaintext, CiphertextBlob, EncryptionContext } = request.parse(input);
  if (operation === "Encrypt") {
    const sealed = JSON.stringify([textOf(Plaintext), EncryptionContext]);
    return { ok: true, body: { CiphertextBlob: base64Of(sealed) } };
  }
  const [text, context] = JSON.parse(textOf(CiphertextBlob)) as [string, object];
  if (JSON.stringify(context) !== JSON.stringify(EncryptionContext)) {
    return { ok: false, fault: "InvalidCiphertextException" };
  }
  return { ok: true, body: { Plaintext: base64Of(text) } };
};

describe("the KMS cipher", () => {
  it("the KMS cipher decrypts what it encrypted, for the same source", async () => {
    const cipher = makeKmsTokenCipher(reflectingKms, KEY);
    const ciphertext = await cipher.encrypt("tökën", "source-a");
    expect(ciphertext).toMatch(/^kms1\.[\w-]+$/);
    expect(await cipher.decrypt(ciphertext, "source-a")).toBe("tökën");
  });

  it.each(["source-b", ""])(
    "the KMS cipher does not decrypt another source's token for source %j",
    async (other) => {
      const cipher = makeKmsTokenCipher(reflectingKms, KEY);
      const ciphertext = await cipher.encrypt("token", "source-a");
      await expect(cipher.decrypt(ciphertext, other)).rejects.toMatchObject({ code: "token_undecryptable" });
    },
  );

  it("the KMS cipher refuses the ciphertext of another cipher without calling KMS", async () => {
    const cipher = makeKmsTokenCipher(async () => Promise.reject(new Error("asked")), KEY);
    await expect(cipher.decrypt("k1.abcd", "source-a")).rejects.toMatchObject({
      code: "token_undecryptable",
    });
  });

  it.each<[string, KmsCall]>([
    ["disabled", async () => ({ ok: false, fault: "KMSInvalidStateException" })],
    ["throttled", async () => ({ ok: false, fault: "ThrottlingException" })],
    ["unreachable", async () => Promise.reject(new TypeError("fetch failed"))],
  ])("a KMS that is %s causes a transient error", async (_, kms) => {
    const cipher = makeKmsTokenCipher(kms, KEY);
    const passing = { name: "TransientError", code: "kms_unavailable" };
    await expect(cipher.encrypt("token", "a")).rejects.toMatchObject(passing);
    await expect(cipher.decrypt("kms1.abcd", "a")).rejects.toMatchObject(passing);
  });
});
