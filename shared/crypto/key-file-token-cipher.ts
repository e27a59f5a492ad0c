import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { PermanentError } from "#shared/errors.ts";
import { readOrMakeKey } from "./key-file.ts";
import type { TokenCipher } from "./token-cipher.ts";

const VERSION = "k1";
/** NIST SP 800-38D recommends 96 bits for GCM; the tag has its full length. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM under the key in `path` (created if missing): `k1.` and base64url of nonce, tag and ciphertext. */
export async function makeKeyFileTokenCipher(path: string): Promise<TokenCipher> {
  const key = await readOrMakeKey(path);
  return {
    async encrypt(token, sourceId) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(sourceId, "utf8"));
      const text = Buffer.concat([cipher.update(token, "utf8"), cipher.final()]);
      return `${VERSION}.${Buffer.concat([iv, cipher.getAuthTag(), text]).toString("base64url")}`;
    },
    async decrypt(ciphertext, sourceId) {
      try {
        return open(key, ciphertext, sourceId);
      } catch (error) {
        throw new PermanentError(
          "token_undecryptable",
          `The stored token of source ${sourceId} cannot be decrypted with this key. Restore the key, or set the token again`,
          { cause: error },
        );
      }
    },
  };
}

function open(key: Buffer, ciphertext: string, sourceId: string): string {
  const [version, encoded] = ciphertext.split(".");
  if (version !== VERSION || encoded === undefined)
    throw new Error("The value is not a ciphertext of this cipher");
  const bytes = Buffer.from(encoded, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(sourceId, "utf8"))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return text.toString("utf8");
}
