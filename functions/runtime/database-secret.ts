import { z } from "zod";
import { UserError } from "#shared/errors.ts";

/** Where the database is, as a secret tells it. `ca`: PEM of a private certificate authority (Supabase has one). */
export type DatabaseLogin = { url: string; password: string; ca: string | undefined };

const urlSecret = z.object({ url: z.url({ protocol: /^postgres(ql)?$/ }), ca: z.string().optional() });

/** What RDS keeps in the secrets that it makes and rotates. */
const fieldsSecret = z.object({
  host: z.string().min(1),
  port: z.coerce.number().int(),
  username: z.string().min(1),
  password: z.string().min(1),
  dbname: z.string().min(1).default("postgres"),
  ca: z.string().optional(),
});

/**
 * Reads a database secret: a `postgres://` URL, `{"url", "ca"?}`, or the fields that RDS writes. Throws `UserError`
 * (`database_secret_invalid`) that says what is accepted; the value itself is never part of a message.
 */
export function parseDatabaseSecret(text: string): DatabaseLogin {
  const trimmed = text.trim();
  const value: unknown = trimmed.startsWith("{") ? parseJson(trimmed) : { url: trimmed };
  const asUrl = urlSecret.safeParse(value);
  if (asUrl.success) {
    const { url, ca } = asUrl.data;
    return { url, password: decodeURIComponent(new URL(url).password), ca };
  }
  const asFields = fieldsSecret.safeParse(value);
  if (asFields.success) {
    const { host, port, username, password, dbname, ca } = asFields.data;
    const url = new URL(`postgres://${host}:${port}/${encodeURIComponent(dbname)}`);
    url.username = encodeURIComponent(username);
    url.password = encodeURIComponent(password);
    return { url: url.href, password, ca };
  }
  throw new UserError(
    500,
    "database_secret_invalid",
    'The database secret must be a postgres:// URL, {"url", "ca"?}, or {"host", "port", "username", "password", "dbname"}',
  );
}

/** Whether the URL itself says how to use TLS (`sslmode`, `ssl`): the operator's word then counts. */
export function namesTlsMode(url: string): boolean {
  const { searchParams } = new URL(url);
  return searchParams.has("sslmode") || searchParams.has("ssl");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
