import { makeKmsTokenCipher } from "#shared/crypto/kms-token-cipher.ts";
import { UserError } from "#shared/errors.ts";
import { makeAwsJson } from "#functions/runtime/aws-json.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** KMS by TOKEN_KEY_ARN, or the key file that TOKEN_KEY_FILE names, which is loaded only where it is used. */
export const tokenCipher: Provider<"cipher"> = {
  name: "cipher",
  build: async (env) => {
    if (env.TOKEN_KEY_ARN) {
      const kms = makeAwsJson({
        name: "kms",
        target: "TrentService",
        endpointVariable: "AWS_ENDPOINT_URL_KMS",
      });
      return makeKmsTokenCipher(kms, env.TOKEN_KEY_ARN);
    }
    if (env.TOKEN_KEY_FILE) {
      const { makeKeyFileTokenCipher } = await import("#shared/crypto/key-file-token-cipher.ts");
      return makeKeyFileTokenCipher(env.TOKEN_KEY_FILE);
    }
    throw new UserError(500, "invalid_environment", "Set TOKEN_KEY_ARN (on AWS) or TOKEN_KEY_FILE");
  },
};
