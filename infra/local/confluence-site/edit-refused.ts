/** An edit that Confluence would refuse; `status` is what its API returns. */
export class EditRefused extends Error {
  readonly status: 400 | 404 | 409;
  constructor(status: 400 | 404 | 409, message: string) {
    super(message);
    this.name = "EditRefused";
    this.status = status;
  }
}
