/**
 * The revision of what converter and chunker make of a body. Raise it when their output changes: pages stored under an older
 * revision are then processed again by the next full sync.
 */
export const REPRESENTATION_REVISION: number = 4;
