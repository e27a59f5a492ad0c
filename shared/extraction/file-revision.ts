import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";

/** Raised when another text is extracted from the same file: a full listing downloads the files again. */
export const EXTRACTION_REVISION = 1;

/** More than the representation has had revisions. */
const REPRESENTATIONS = 1000;

/** The `representation_revision` of files: rises with the revision of the extraction, and with that of the chunker. */
export const FILE_REVISION = EXTRACTION_REVISION * REPRESENTATIONS + REPRESENTATION_REVISION;
