import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";

/**
 * Raise it when another text is extracted from the same file: a full listing downloads the files again. A test
 * (file-revision.test.ts) fails until it is raised.
 */
export const EXTRACTION_REVISION: number = 2;
/** The revision, and a hash of what it makes of the test's files: the test prints what to write here. */
export const EXTRACTION_OUTPUT = "2:e7922f82faa7a774";

/** More than the representation has had revisions. */
const REPRESENTATIONS = 1000;

/** The `representation_revision` of files: rises with the revision of the extraction, and with that of the chunker. */
export const FILE_REVISION = EXTRACTION_REVISION * REPRESENTATIONS + REPRESENTATION_REVISION;
