import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { readLines } from "#infra/local/read-lines.ts";
import { forwardMessages } from "#infra/local/mcp-proxy/forward-messages.ts";
import { messageSender } from "#infra/local/mcp-proxy/send-message.ts";

const mcp = defineCommand({
  name: "npm run -s mcp --",
  does: "An MCP server on stdin and stdout, for agents that start theirs: forwards each message to the service.",
  options: {
    url: { type: "text", value: "URL", default: "http://127.0.0.1:3000", description: "of the service" },
    profile: {
      type: "choice",
      choices: ["chatgpt", "archon"],
      description: "tools as that client names them",
    },
    "on-behalf-of": {
      type: "text",
      value: "PERSON",
      description:
        "account id or e-mail of whom the agent reads for, where spaces show each what they may see",
    },
    visibility: {
      type: "choice",
      choices: ["all", "anonymous"],
      description: "in place of a person: everything that is indexed, or what the public may see",
    },
    aws: {
      type: "flag",
      description: "signs with AWS credentials, as for hosts *.execute-api.*.amazonaws.com",
    },
  },
  more: `API_KEY holds the service's key, if it has one. On AWS the credentials are those that the AWS CLI finds (AWS_PROFILE, SSO, a role).

In the configuration of Claude Desktop, Cursor and the like:
  "confluence": {"command": "npm", "args": ["run", "-s", "--prefix", "PATH OF THIS FOLDER", "mcp"], "env": {"API_KEY": "…"}}`,
  run: async ({ url, profile, "on-behalf-of": onBehalfOf, visibility, aws }) => {
    const apiKey = process.env.API_KEY || undefined;
    if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey))
      throw new UsageError("API_KEY must be visible ASCII characters without spaces or line breaks");
    if (aws && apiKey !== undefined)
      throw new UsageError("With --aws requests are signed: leave API_KEY unset");
    const send = messageSender({ url, profile, onBehalfOf, visibility, apiKey, aws });
    // A client that is gone needs no responses.
    process.stdout.on("error", () => process.exit(0));
    const write = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
    await forwardMessages(readLines(process.stdin), { send, write });
  },
});

await runCommand(mcp);
