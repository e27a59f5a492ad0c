export const SOURCE_ID = "source-1";

/** A broken promise, in words that a person can act on. */
export class Violation extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Violation";
  }
}
