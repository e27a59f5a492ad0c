import { signal } from "@preact/signals";
import { makeClient } from "#infra/console/api/client.ts";
import { ApiError } from "#infra/console/api/api-error.ts";
import type { Arguments, Client } from "#infra/console/api/client.ts";
import type { CallName } from "#infra/console/api/types.ts";

const KEY = "api-key";

/** True while the service refuses the key, or wants one. */
export const keyWanted = signal(false);
/** Whether requests carry a key. */
export const hasKey = signal(storedKey() !== null);

const client = makeClient({ fetch: (...request) => fetch(...request), key: storedKey });

/** Calls the API; asks for a key when that is what it wants. */
export const call: Client["call"] = async <K extends CallName>(name: K, input: Arguments<K>) => {
  try {
    return await client.call(name, input);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) keyWanted.value = true;
    throw error;
  }
};

/** Uses this key until the tab is closed; null: none. */
export function setApiKey(key: string | null): void {
  if (key === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
  client.forget();
  hasKey.value = key !== null;
  // Without a key nothing is left to look at: what it read goes at once.
  keyWanted.value = key === null;
}

function storedKey(): string | null {
  return sessionStorage.getItem(KEY);
}

/** A key for a request that must happen once. `randomUUID` exists on secure origins only. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
