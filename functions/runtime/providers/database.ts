import { connect, guardRoot } from "#shared/db/connect.ts";
import { required, type Env } from "#shared/env.ts";
import { parseDatabaseSecret } from "#functions/runtime/database-secret.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { readSecret } from "./secret.ts";

/** Postgres by DATABASE_URL, or by the secret that DATABASE_SECRET_ARN names (then over verified TLS). */
export const database: Provider<"sql"> = {
  name: "sql",
  build: async (env) =>
    guardRoot(
      connect({
        ...(await login(env)),
        schema: env.DB_SCHEMA,
        maxConnections: env.DATABASE_MAX_CONNECTIONS,
        transactionPooler: env.DATABASE_POOLER === "transaction",
      }),
    ),
};

type Login = Pick<Parameters<typeof connect>[0], "url" | "tls" | "password">;

async function login(env: Env): Promise<Login> {
  if (env.DATABASE_URL) return { url: env.DATABASE_URL };
  const arn = required(env, "DATABASE_SECRET_ARN");
  const { url, ca, tls } = parseDatabaseSecret(await readSecret(arn));
  return {
    url,
    ...(tls ? { tls: { ca } } : {}),
    // Read by each new connection: a warm function outlives a rotation of the password.
    password: async () => parseDatabaseSecret(await readSecret(arn)).password,
  };
}
