import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { errorMessage, UserError } from "#shared/errors.ts";
import type { Ocr } from "./ocr.ts";

const DATA = ".traineddata";

/**
 * The languages whose data is in the folder. Throws `UserError` (`invalid_environment`) where there is none: the library would
 * download it.
 */
export function openOcr(folder: string): Ocr {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw unusable(folder, errorMessage(error), { cause: error });
  }
  const languages = names.filter((name) => name.endsWith(DATA)).map((name) => name.slice(0, -DATA.length));
  if (languages.length === 0) throw unusable(folder, "it contains no *.traineddata");
  return { folder: resolve(folder), languages: languages.toSorted().join("+") };
}

function unusable(folder: string, why: string, options: { cause?: unknown } = {}): UserError {
  const message = `OCR cannot use the folder OCR_DATA=${folder}: ${why}. It must contain Tesseract's data, such as eng.traineddata, which npm ci unpacks`;
  return new UserError(500, "invalid_environment", message, options);
}
