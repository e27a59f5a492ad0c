/**
 * Keeps API tokens encrypted at rest. The source id is authenticated data: a ciphertext copied to another source's row does
 * not decrypt there.
 */
export type TokenCipher = {
  encrypt(token: string, sourceId: string): Promise<string>;
  /** Throws `PermanentError` (`token_undecryptable`) when key, source id or ciphertext do not belong together. */
  decrypt(ciphertext: string, sourceId: string): Promise<string>;
};
