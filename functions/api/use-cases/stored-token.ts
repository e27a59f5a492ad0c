import type { TokenCipher } from "#shared/crypto/token-cipher.ts";
import { PermanentError, UserError } from "#shared/errors.ts";

/** The stored token in clear text. Throws `UserError` 422 `token_missing` when there is none or its key is lost. */
export async function storedToken(
  stored: { ciphertext: string | null; boundTo: string },
  cipher: TokenCipher,
): Promise<string> {
  const missing = (cause?: unknown) =>
    new UserError(422, "token_missing", "The stored token cannot be decrypted: send api_token too", {
      cause,
    });
  if (stored.ciphertext === null) throw missing();
  try {
    return await cipher.decrypt(stored.ciphertext, stored.boundTo);
  } catch (error) {
    if (error instanceof PermanentError) throw missing(error);
    throw error;
  }
}
