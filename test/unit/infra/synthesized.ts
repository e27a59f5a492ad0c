import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { parseSettings } from "#infra/constructs/settings.ts";
import { SyncStack } from "#infra/stack.ts";

const made = new Map<string, Template>();

/** The stack's template with these settings and without bundles. */
export function synthesize(context: Record<string, unknown> = {}): Template {
  const key = JSON.stringify(context);
  const template = made.get(key) ?? makeTemplate(context);
  made.set(key, template);
  return template;
}

function makeTemplate(context: Record<string, unknown>): Template {
  // `npm run synth` validates the template; here it would only take its time once more.
  const app = new App({ context: { "@aws-cdk/core:validateAgainstDefaultRules": false } });
  const stack = new SyncStack(app, "test", {
    settings: parseSettings((key) => context[key]),
    code: (name) => Code.fromInline(`// ${name}`),
  });
  return Template.fromStack(stack);
}
