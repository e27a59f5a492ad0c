import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "#shared/errors.ts";

/** AES-256. */
const KEY_BYTES = 32;

/**
 * Returns the key in this file, creating the file (readable by its owner only) if it is missing; processes that create it at the
 * same time all read the same key. Throws `UserError` 500 `key_file_unusable` when others may read it or it holds no key.
 */
export async function readOrMakeKey(path: string): Promise<Buffer> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) {
    await makeKeyFile(path);
    return readOrMakeKey(path);
  }
  const { mode } = await stat(path);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw unusable(path, "other users may read it: run chmod 600 on it");
  }
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== KEY_BYTES) throw unusable(path, `it does not hold ${KEY_BYTES} bytes in base64`);
  return key;
}

/** Written completely under another name and linked: a reader never sees half a key, and an existing key is never replaced. */
async function makeKeyFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await rm(draft);
  }
}

function unusable(path: string, reason: string): UserError {
  return new UserError(500, "key_file_unusable", `TOKEN_KEY_FILE ${path} cannot be used: ${reason}`);
}
