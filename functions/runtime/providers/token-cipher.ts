import { UserError } from "#shared/errors.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** KMS by TOKEN_KEY_ARN, or the key file that TOKEN_KEY_FILE names. Each is loaded only where it is used. */
export const tokenCipher: Provider<"cipher"> = {
  name: "cipher",
  build: async (env) => {
    if (env.TOKEN_KEY_ARN) {
      const { KMSClient } = await import("@aws-sdk/client-kms");
      const { makeKmsTokenCipher } = await import("#shared/crypto/kms-token-cipher.ts");
      return makeKmsTokenCipher(new KMSClient({}), env.TOKEN_KEY_ARN);
    }
    if (env.TOKEN_KEY_FILE) {
      const { makeKeyFileTokenCipher } = await import("#shared/crypto/key-file-token-cipher.ts");
      return makeKeyFileTokenCipher(env.TOKEN_KEY_FILE);
    }
    throw new UserError(500, "invalid_environment", "Set TOKEN_KEY_ARN (on AWS) or TOKEN_KEY_FILE");
  },
};
