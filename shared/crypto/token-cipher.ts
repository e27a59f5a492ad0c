/**
 * Keeps API tokens encrypted at rest. The source id is authenticated data: a ciphertext copied to another source's row cannot be
 * decrypted there.
 */
export type TokenCipher = {
  encrypt(token: string, sourceId: string): Promise<string>;
  /** Throws `PermanentError` (`token_undecryptable`) when key, source id and ciphertext do not match. */
  decrypt(ciphertext: string, sourceId: string): Promise<string>;
};
