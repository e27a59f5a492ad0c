import { DecryptCommand, EncryptCommand, KMSServiceException, type KMSClient } from "@aws-sdk/client-kms";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { TokenCipher } from "./token-cipher.ts";

const VERSION = "kms1";

/** What KMS says when key, encryption context and ciphertext do not belong together. */
const MISMATCHES = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/**
 * Encrypts by KMS itself (a token is far below its 4096 bytes), with `{ source_id }` as encryption context: authenticated, in
 * every CloudTrail record, and demanded by the roles. `kms1.` and base64url of KMS's ciphertext.
 */
export function makeKmsTokenCipher(kms: KMSClient, keyArn: string): TokenCipher {
  return {
    async encrypt(token, sourceId) {
      const answer = await kms
        .send(
          new EncryptCommand({
            KeyId: keyArn,
            Plaintext: Buffer.from(token, "utf8"),
            EncryptionContext: { source_id: sourceId },
          }),
        )
        .catch(rethrowAsTransient);
      return `${VERSION}.${Buffer.from(answer.CiphertextBlob ?? []).toString("base64url")}`;
    },
    async decrypt(ciphertext, sourceId) {
      const [version, encoded] = ciphertext.split(".");
      if (version !== VERSION || !encoded) throw undecryptable(sourceId);
      const answer = await kms
        .send(
          new DecryptCommand({
            KeyId: keyArn,
            CiphertextBlob: Buffer.from(encoded, "base64url"),
            EncryptionContext: { source_id: sourceId },
          }),
        )
        .catch((error: unknown) => {
          if (error instanceof KMSServiceException && MISMATCHES.has(error.name)) {
            throw undecryptable(sourceId, error);
          }
          return rethrowAsTransient(error);
        });
      return Buffer.from(answer.Plaintext ?? []).toString("utf8");
    },
  };
}

function undecryptable(sourceId: string, cause?: unknown): PermanentError {
  return new PermanentError(
    "token_undecryptable",
    `The stored token of source ${sourceId} does not decrypt with this key. Restore the key, or set the token again`,
    { cause },
  );
}

/** Throttling, a disabled key, a missing right: nothing about the token, so the work waits and is tried again. */
function rethrowAsTransient(error: unknown): never {
  const name = error instanceof Error ? error.name : "unknown";
  throw new TransientError("kms_unavailable", `KMS did not answer: ${name}`, { cause: error });
}
