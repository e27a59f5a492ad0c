import { AwsClient } from "aws4fetch";

export type RolePolicy = { role: string; actions: string[] };

/** The inline policies of every role, by IAM's query protocol: for one question no client library is worth its weight. */
export async function readRolePolicies(endpoint: string): Promise<RolePolicy[]> {
  const client = new AwsClient({
    accessKeyId: "test",
    secretAccessKey: "test",
    service: "iam",
    region: "us-east-1",
  });
  const ask = async (parameters: Record<string, string>) => {
    const response = await client.fetch(`${endpoint}/`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ Version: "2010-05-08", ...parameters }).toString(),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`IAM answered ${response.status}: ${text.slice(0, 300)}`);
    return text;
  };
  const roles = namesIn(await ask({ Action: "ListRoles", MaxItems: "1000" }), "RoleName");
  const policies: RolePolicy[] = [];
  for (const role of roles) {
    for (const name of namesIn(await ask({ Action: "ListRolePolicies", RoleName: role }), "member")) {
      const answer = await ask({ Action: "GetRolePolicy", RoleName: role, PolicyName: name });
      const [text = ""] = namesIn(answer, "PolicyDocument");
      policies.push({ role, actions: actionsIn(decodeURIComponent(text)) });
    }
  }
  return policies;
}

function namesIn(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]+)</${element}>`, "g"))].map(
    (match) => match[1] ?? "",
  );
}

/** moto keeps policies that CloudFormation made as Python's notation, not as JSON: actions are found by their form. */
function actionsIn(policy: string): string[] {
  return [...policy.matchAll(/['"]([a-z0-9]+:[A-Za-z*]+)['"]/g)].map((match) => match[1] ?? "");
}
