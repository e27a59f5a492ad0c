/**
 * The revision of the output of converter and chunker. Raise it when their output changes: pages stored under an older
 * revision are then processed again by the next full sync. A test (representation-revision.test.ts) fails until it is raised.
 */
export const REPRESENTATION_REVISION: number = 9;
