import type { Provider } from "#functions/runtime/services.ts";
import { UserError } from "#shared/errors.ts";

/** The function `extract-attachment`, by its name in EXTRACT_FUNCTION. */
export const extractor: Provider<"extractor"> = {
  name: "extractor",
  build: () => {
    throw new UserError(500, "invalid_environment", "Files cannot be extracted here");
  },
};
