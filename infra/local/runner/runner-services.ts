import { confluence } from "#functions/runtime/providers/confluence.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import type { Services } from "#functions/runtime/services.ts";
import type { Env } from "#shared/env.ts";
import type { Log } from "#shared/log.ts";

type ChosenByEnv = Pick<Services, "confluence" | "embedder" | "cipher">;

/** The services that the environment chooses, built once for this runner. Given ones are not built. */
export async function buildChosenServices(
  env: Env,
  log: Log,
  given: Partial<Services>,
): Promise<ChosenByEnv> {
  return {
    confluence: given.confluence ?? (await confluence.build(env, log)),
    embedder: given.embedder ?? (await embedder.build(env, log)),
    cipher: given.cipher ?? (await tokenCipher.build(env, log)),
  };
}
