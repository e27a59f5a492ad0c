/**
 * The revision of the output of converter and chunker, of comments and files too. Raise it when their output changes: what is stored under an older
 * revision is then processed again by the next full sync or deletion check. A test (representation-revision.test.ts) fails until it is raised.
 */
export const REPRESENTATION_REVISION: number = 12;
/** The revision, and a hash of what it makes of the fixtures: the test prints what to write here. */
export const REPRESENTATION_OUTPUT = "12:2009d3cd514294c7";
