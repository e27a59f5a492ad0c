import { z } from "zod";
import { anyId, optionalText, text } from "./schemas.ts";

/** Ids of accounts and groups, and names of roles and classes: they become parts of addresses. */
const PRINCIPAL_ID = /^[\w:.@-]{1,128}$/;
const principalId = z.string().regex(PRINCIPAL_ID);
const optionalId = principalId.nullish().catch(null);
const count = z.int().nonnegative().nullish().catch(null);

export function isPrincipalId(value: string): boolean {
  return PRINCIPAL_ID.test(value);
}

/** An account or a group, where a list names one. Null: it has no id, or none of the kind. */
export const userSchema = z.object({ accountId: optionalId }).catch({ accountId: null });
export const groupSchema = z.object({ id: optionalId }).catch({ id: null });

/** One page of a v1 list that continues by `start`. */
export function offsetList<T extends z.ZodType>(item: T) {
  return z.object({
    results: z.array(item),
    limit: count,
    size: count,
    _links: z.object({ next: optionalText }).nullish().catch(null),
  });
}
export type OffsetList<T = unknown> = {
  results: T[];
  limit?: number | null | undefined;
  size?: number | null | undefined;
  _links?: { next?: string | null | undefined } | null | undefined;
};

/** v1 `restriction/byOperation/read`, and the same as a search expands it. Both lists are there, or it says nothing. */
export const restrictionSchema = z.object({
  restrictions: z.object({ user: offsetList(userSchema), group: offsetList(groupSchema) }),
});

/** v1 content of any type with its rights, as a search finds it. */
export const rightsHitSchema = z.object({
  id: anyId,
  type: text.catch("unknown"),
  space: z.object({ key: optionalText }).nullish().catch(null),
  ancestors: z
    .array(z.object({ id: anyId, type: text.catch("unknown") }))
    .nullish()
    .catch(null),
  restrictions: z.object({ read: restrictionSchema }).nullish().catch(null),
});

/** v2 `spaces/{id}/permissions`: who may do what to what. */
export const permissionSchema = z.object({
  principal: z.object({ type: optionalText, id: optionalId }).nullish().catch(null),
  operation: z.object({ key: optionalText, targetType: optionalText }).nullish().catch(null),
});

/** v2 `space-role-mode`: `PRE_ROLES`, `ROLES_TRANSITION`, `ROLES`. */
export const roleModeSchema = z.object({ mode: text });

/** v2 space role. */
export const roleSchema = z.object({
  id: optionalId,
  spacePermissions: z.array(z.string()).nullish().catch(null),
});

/** v2 `spaces/{id}/role-assignments`: who has which role. */
export const roleAssignmentSchema = z.object({
  principal: z.object({ principalType: optionalText, principalId: optionalId }).nullish().catch(null),
  roleId: optionalId,
});

/** v2 `users-bulk`, what the directory keeps of an account. An e-mail that is hidden is empty. */
export const directoryAccountSchema = z.object({
  accountId: principalId,
  email: text.nullish().catch(null),
  accountStatus: optionalText,
  isExternalCollaborator: z.boolean().nullish().catch(true),
  isGuest: z.boolean().nullish().catch(true),
});

/** v1 `permission/check`. */
export const permissionCheckSchema = z.object({ hasPermission: z.boolean() });
