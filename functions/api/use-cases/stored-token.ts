import type { TokenCipher } from "#shared/crypto/token-cipher.ts";
import { PermanentError, UserError } from "#shared/errors.ts";

/** The stored token in clear text. Throws `UserError` 422 `token_missing` when there is none or its key is lost. */
export async function storedToken(
  stored: { ciphertext: string | null; boundTo: string },
  cipher: TokenCipher,
): Promise<string> {
  if (stored.ciphertext === null) throw tokenMissing();
  try {
    return await cipher.decrypt(stored.ciphertext, stored.boundTo);
  } catch (error) {
    if (error instanceof PermanentError) throw tokenMissing(error);
    throw error;
  }
}

export function tokenMissing(cause?: unknown): UserError {
  return new UserError(422, "token_missing", "The stored token cannot be decrypted: send api_token too", {
    cause,
  });
}
