import { z } from "zod";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { TokenCipher } from "./token-cipher.ts";

const VERSION = "kms1";

/** The exceptions of KMS when key, encryption context and ciphertext do not match. */
const MISMATCHES = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/** One call of KMS in its JSON protocol, bytes as base64; `fault` is the name of its exception. Rejects when no response came. */
export type KmsCall = (
  operation: "Encrypt" | "Decrypt",
  input: object,
) => Promise<{ ok: true; body: unknown } | { ok: false; fault: string }>;

const encrypted = z.object({ CiphertextBlob: z.base64() });
const decrypted = z.object({ Plaintext: z.base64() });

/**
 * Encrypts by KMS itself (a token is far below its 4096 bytes), with `{ source_id }` as encryption context: authenticated, in
 * every CloudTrail record, and required by the roles. `kms1.` and base64url of KMS's ciphertext.
 */
export function makeKmsTokenCipher(kms: KmsCall, keyArn: string): TokenCipher {
  return {
    async encrypt(token, sourceId) {
      const response = await kms("Encrypt", {
        KeyId: keyArn,
        Plaintext: Buffer.from(token, "utf8").toString("base64"),
        EncryptionContext: { source_id: sourceId },
      }).catch(rethrowAsTransient);
      if (!response.ok) throw unavailable(response.fault);
      return `${VERSION}.${bytes(encrypted.parse(response.body).CiphertextBlob).toString("base64url")}`;
    },
    async decrypt(ciphertext, sourceId) {
      const [version, encoded] = ciphertext.split(".");
      if (version !== VERSION || !encoded) throw undecryptable(sourceId);
      const response = await kms("Decrypt", {
        KeyId: keyArn,
        CiphertextBlob: Buffer.from(encoded, "base64url").toString("base64"),
        EncryptionContext: { source_id: sourceId },
      }).catch(rethrowAsTransient);
      if (!response.ok && MISMATCHES.has(response.fault)) throw undecryptable(sourceId);
      if (!response.ok) throw unavailable(response.fault);
      return bytes(decrypted.parse(response.body).Plaintext).toString("utf8");
    },
  };
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}

function undecryptable(sourceId: string): PermanentError {
  return new PermanentError(
    "token_undecryptable",
    `The stored token of source ${sourceId} cannot be decrypted with this key. Restore the key, or set the token again`,
  );
}

/** Throttling, a disabled key, a missing permission: not the token's fault, so the work is retried later. */
function unavailable(fault: string, cause?: unknown): TransientError {
  return new TransientError("kms_unavailable", `KMS did not respond: ${fault}`, { cause });
}

function rethrowAsTransient(error: unknown): never {
  throw unavailable(error instanceof Error ? error.name : "unknown", error);
}
