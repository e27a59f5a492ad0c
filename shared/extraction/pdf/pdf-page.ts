/** Text of one page as a library reads it; `fields` are the values that its form shows. */
export type PdfPage = { number: number; markdown: string; fields: readonly FormField[] };

export type FormField = { name: string; value: string };

/** The file opens only with a password that nobody gave. */
export class PasswordRequiredError extends Error {
  readonly code = "encrypted";
  constructor() {
    super("The PDF opens only with a password");
    this.name = "PasswordRequiredError";
  }
}
