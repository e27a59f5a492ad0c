/** Runs one check, prints whether it holds, and counts it; it never throws. */
export type Check = (name: string, holds: () => unknown) => Promise<void>;
