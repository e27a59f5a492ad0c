import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Bytes of a secret: as many as its hash has, so that guessing either is the same. */
const SECRET_BYTES = 32;

/** A new secret: visible ASCII that needs no escaping in a URL or a header. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** What is stored of a secret (SHA-256, hex). */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether `secret` is one of those hashed, compared in constant time. */
export function isSecret(secret: string, hashes: readonly string[]): boolean {
  const offered = Buffer.from(hashSecret(secret), "hex");
  // Every hash is compared, so that the time does not tell which one matched.
  return hashes.map((hash) => timingSafeEqual(offered, Buffer.from(hash, "hex"))).some(Boolean);
}
