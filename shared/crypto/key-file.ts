import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "#shared/errors.ts";

/** AES-256. */
const KEY_BYTES = 32;

/**
 * The key in this file, which is made (readable by its owner only) when there is none; of several processes that make it at
 * the same time all read the same one. Throws `UserError` 500 `key_file_unusable` when others may read it or it holds no key.
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
    throw unusable(path, "others may read it: chmod 600 it");
  }
  const key = Buffer.from(text.trim(), "base64");
  if (key.length !== KEY_BYTES) throw unusable(path, `it does not hold ${KEY_BYTES} bytes in base64`);
  return key;
}

/** Written whole under another name and linked: a reader never sees half a key, and an existing one is never replaced. */
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
