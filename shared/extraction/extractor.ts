import type { AttachmentToExtract } from "./extract-attachment.ts";
import type { ExtractedFile } from "./extracted-file.ts";

/**
 * Downloads a file from its signed address and extracts its text, where nothing that the file does reaches the caller. A file that
 * crashes its extractor or exceeds a limit is a result (`extraction_failed`). Throws `PermanentError` (`address_refused`,
 * `file_not_found`) and `TransientError` (`signed_url_expired`, `download_failed`, `extractor_busy`, `extractor_failed`).
 */
export type Extractor = (file: AttachmentToExtract) => Promise<ExtractedFile>;
