import { PermanentError } from "#shared/errors.ts";
import { isId } from "./schemas.ts";

/**
 * An id for the library's functions. It stays the digits that Confluence sent (a 64-bit id does not fit a number); the
 * library only puts it into the address, so anything but digits is refused.
 */
export function int64(id: string): number {
  if (!isId(id)) throw new PermanentError("invalid_id", "Confluence's ids are whole numbers");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return id as unknown as number;
}
