import { remedyFor, toApiError } from "#infra/console/api/api-error.ts";
import type { SiteCheck, SiteCredentials, Source } from "#infra/console/api/types.ts";
import { sentence } from "#infra/console/parts/format.ts";
import { call } from "#infra/console/state/service.ts";

/** In this order: each needs the one before. */
const SITE_CHECKS: readonly SiteCheck[] = ["address", "account", "permissions", "spaces"];

export type ConnectInput = {
  baseUrl: string;
  kind: "token" | "client";
  email: string;
  token: string;
  clientId: string;
  clientSecret: string;
  which: "some" | "all";
  keys: string;
  exclude: string;
  access: Source["access"]["mode"];
  strategy: Source["deletion_strategy"];
  interval: string;
  blogposts: boolean;
  comments: Source["content"]["comments"];
  attachments: boolean;
};

export const EMPTY: ConnectInput = {
  baseUrl: "",
  kind: "token",
  email: "",
  token: "",
  clientId: "",
  clientSecret: "",
  which: "some",
  keys: "",
  exclude: "",
  access: "unrestricted",
  strategy: "weekly_reconciliation",
  interval: "1440",
  blogposts: true,
  comments: "open",
  attachments: true,
};

export type Step = {
  check: SiteCheck;
  state: "waiting" | "running" | "passed" | "limited" | "failed" | "not made";
  message: string;
};

function credentialsOf(input: ConnectInput): SiteCredentials {
  const own =
    input.kind === "token"
      ? { api_token: input.token.trim(), ...(input.email.trim() === "" ? {} : { email: input.email.trim() }) }
      : { client_id: input.clientId.trim(), client_secret: input.clientSecret.trim() };
  return { base_url: input.baseUrl.trim(), ...own };
}

/** The body that connects the site as the form says. */
export function requestOf(input: ConnectInput) {
  return {
    ...credentialsOf(input),
    spaces: {
      include: input.which === "all" ? ["*"] : listOf(input.keys),
      exclude: input.which === "all" ? listOf(input.exclude) : [],
    },
    defaults: {
      access: input.access,
      deletion_strategy: input.strategy,
      sync_interval_minutes: input.interval === "" ? null : Number(input.interval),
      content: { blogposts: input.blogposts, comments: input.comments, attachments: input.attachments },
    },
  };
}

export type ConnectRequest = ReturnType<typeof requestOf>;

/** Keys or patterns, separated by commas or white space. */
function listOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((key) => key !== "");
}

/** Makes the checks one after another and shows each as it happens; false when one failed, the rest is then not made. */
export async function runChecks(
  input: ConnectInput,
  show: (steps: Step[]) => void,
  say: (text: string) => void,
): Promise<boolean> {
  const steps = SITE_CHECKS.map((check): Step => ({ check, state: "waiting", message: "" }));
  const credentials = credentialsOf(input);
  for (const step of steps) {
    step.state = "running";
    show([...steps]);
    const result = await call("checkSiteStep", { body: { ...credentials, check: step.check } }).catch(
      (thrown: unknown) => {
        const { code, message } = toApiError(thrown);
        return { code, message, passed: false };
      },
    );
    // Without a scope that only some content needs, the rest is synced.
    const needsScope = "details" in result && result.details.missing.some(({ need }) => need === "required");
    const isLimited = step.check === "permissions" && result.code === "scope_missing" && !needsScope;
    step.state = result.passed ? "passed" : isLimited ? "limited" : "failed";
    const remedy = step.state === "failed" ? remedyFor({ code: result.code ?? "", status: 0 }) : null;
    step.message = [sentence(result.message), remedy].filter((part) => part !== null).join(" ");
    if (step.state === "failed") for (const one of steps) if (one.state === "waiting") one.state = "not made";
    show([...steps]);
    say(`${step.check}: ${step.state}. ${step.message}`);
    if (step.state === "failed") return false;
  }
  return true;
}
