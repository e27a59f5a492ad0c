import { z } from "zod";
import { UserError } from "#shared/errors.ts";

/**
 * Where the database is, as read from a secret. `ca`: PEM of a private certificate authority (Supabase has one). `tls` is false
 * only for a database on this machine whose URL says `sslmode=disable`.
 */
export type DatabaseLogin = { url: string; password: string; ca: string | undefined; tls: boolean };

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
  if (asUrl.success) return loginOf(new URL(asUrl.data.url), asUrl.data.ca);
  const asFields = fieldsSecret.safeParse(value);
  if (asFields.success) {
    const { host, port, username, password, dbname, ca } = asFields.data;
    const url = new URL(`postgres://${host}:${port}/${encodeURIComponent(dbname)}`);
    url.username = encodeURIComponent(username);
    url.password = encodeURIComponent(password);
    return loginOf(url, ca);
  }
  throw invalid(
    'The database secret must be a postgres:// URL, {"url", "ca"?}, or {"host", "port", "username", "password", "dbname"}',
  );
}

/** What providers' URLs say of TLS: for libpq. postgres.js would verify nothing for `require`, and send the others to the server. */
const TLS_PARAMETERS = ["sslmode", "ssl", "sslrootcert", "channel_binding"];
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

function loginOf(url: URL, ca: string | undefined): DatabaseLogin {
  const tls = url.searchParams.get("sslmode") !== "disable";
  if (!tls && !LOOPBACK.has(url.hostname)) {
    throw invalid(
      "The database secret says sslmode=disable: only a database on this machine goes without TLS",
    );
  }
  for (const name of TLS_PARAMETERS) url.searchParams.delete(name);
  return { url: url.href, password: decodeURIComponent(url.password), ca, tls };
}

function invalid(message: string): UserError {
  return new UserError(500, "database_secret_invalid", message);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
