import { describe, expect, it } from "vitest";
import { checkSiteStep, updateSite } from "#functions/api/contract/sites.ts";
import {
  credentialChanges,
  credentialsToTry,
  formOfSite,
  isOfSite,
  type CredentialsForm,
} from "#infra/console/screens/site-credentials.ts";

const URL = "https://acme.atlassian.net";
const form = (fields: Partial<CredentialsForm>): CredentialsForm => ({
  ...formOfSite({ credential_kind: "api_token", email: "sync@example.com", client_id: null }),
  ...fields,
});

describe("new credentials of a connection", () => {
  it.each([
    [form({ token: " new " }), { api_token: "new", email: "sync@example.com" }],
    [form({ token: "new", email: " " }), { api_token: "new", email: null }],
    [
      {
        ...formOfSite({ credential_kind: "client_credentials", email: null, client_id: "c1" }),
        clientSecret: "s1",
      },
      { client_id: "c1", client_secret: "s1" },
    ],
  ])("are stored as they are entered, a bearer token without an e-mail: %j", (entered, expected) => {
    expect(credentialChanges(entered)).toEqual(expected);
    expect(updateSite.body?.safeParse(expected).success).toBe(true);
    const tried = { ...credentialsToTry(URL, entered), check: "account" };
    expect(checkSiteStep.body?.safeParse(tried).success).toBe(true);
    expect("email" in tried).toBe(entered.kind === "api_token" && entered.email.trim() !== "");
  });

  it("are those of the account, not of the address alone", () => {
    const site = { base_url: URL, account_id: "a" };
    expect(isOfSite({ base_url: URL, account_id: "a" }, site)).toBe(true);
    expect(isOfSite({ base_url: URL, account_id: "b" }, site)).toBe(false);
    expect(isOfSite({ base_url: "https://other.atlassian.net", account_id: "a" }, site)).toBe(false);
  });
});
