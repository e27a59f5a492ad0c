import { KMSClient, KMSInvalidStateException, InvalidCiphertextException } from "@aws-sdk/client-kms";
import { describe, expect, it } from "vitest";
import { makeKmsTokenCipher } from "#shared/crypto/kms-token-cipher.ts";

const KEY = "arn:aws:kms:eu-west-1:123456789012:key/tokens";

/** A KMS whose ciphertext is the request itself, which it wants back unchanged. */
function reflectingKms(fail?: Error): KMSClient {
  const kms = new KMSClient({ region: "eu-west-1" });
  kms.middlewareStack.add(
    () => async (args) => {
      if (fail) throw fail;
      const input = args.input as {
        Plaintext?: Uint8Array;
        CiphertextBlob?: Uint8Array;
        EncryptionContext: object;
      };
      const sealed = (text: string) => Buffer.from(JSON.stringify([text, input.EncryptionContext]));
      if (input.Plaintext) {
        return {
          response: {},
          output: { CiphertextBlob: sealed(Buffer.from(input.Plaintext).toString()), $metadata: {} },
        };
      }
      const [text, context] = JSON.parse(Buffer.from(input.CiphertextBlob ?? []).toString()) as [
        string,
        object,
      ];
      if (JSON.stringify(context) !== JSON.stringify(input.EncryptionContext)) {
        throw new InvalidCiphertextException({ message: "no", $metadata: {} });
      }
      return { response: {}, output: { Plaintext: Buffer.from(text), $metadata: {} } };
    },
    { step: "initialize", priority: "high" },
  );
  return kms;
}

describe("the KMS cipher", () => {
  it("gives back what it took, for the same source", async () => {
    const cipher = makeKmsTokenCipher(reflectingKms(), KEY);
    const ciphertext = await cipher.encrypt("tökën", "source-a");
    expect(ciphertext).toMatch(/^kms1\.[\w-]+$/);
    expect(await cipher.decrypt(ciphertext, "source-a")).toBe("tökën");
  });

  it.each(["source-b", ""])("does not decrypt for source %j what is another's", async (other) => {
    const cipher = makeKmsTokenCipher(reflectingKms(), KEY);
    const ciphertext = await cipher.encrypt("token", "source-a");
    await expect(cipher.decrypt(ciphertext, other)).rejects.toMatchObject({ code: "token_undecryptable" });
  });

  it("refuses the ciphertext of another cipher without asking KMS", async () => {
    const cipher = makeKmsTokenCipher(reflectingKms(new Error("asked")), KEY);
    await expect(cipher.decrypt("k1.abcd", "source-a")).rejects.toMatchObject({
      code: "token_undecryptable",
    });
  });

  it("takes a KMS that is out of order for something that passes", async () => {
    const disabled = new KMSInvalidStateException({ message: "disabled", $metadata: {} });
    const cipher = makeKmsTokenCipher(reflectingKms(disabled), KEY);
    await expect(cipher.encrypt("token", "a")).rejects.toMatchObject({
      name: "TransientError",
      code: "kms_unavailable",
    });
  });
});
