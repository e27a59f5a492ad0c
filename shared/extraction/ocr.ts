/** The data that OCR recognizes letters by: a folder of Tesseract's `*.traineddata`, and those of it that are used ("deu+eng"). */
export type Ocr = { folder: string; languages: string };

/** What an extractor that has OCR at hand adds to its name. */
export const WITH_OCR = " + ocr";
