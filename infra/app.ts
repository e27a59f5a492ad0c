import { App, Aspects } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { AwsSolutionsChecks } from "cdk-nag";
import { bundleFunctions } from "./constructs/bundle.ts";
import { parseSettings } from "./constructs/settings.ts";
import { SyncStack } from "./stack.ts";
import { functions } from "./topology.ts";

const app = new App();
const settings = parseSettings((key) => app.node.tryGetContext(key));
const used = [settings.embeddings, ...(settings.embeddingsPrevious ? [settings.embeddingsPrevious] : [])];
const bundles = await bundleFunctions(functions, { outputDirectory: "dist/functions", embedders: used });
new SyncStack(app, `confluence-sync-${settings.stage}`, {
  settings,
  code: (name) => Code.fromAsset(bundles.get(name)?.directory ?? ""),
  description: "Keeps a RAG index in step with Confluence",
  // Of the stack: CloudFormation passes them on to every resource.
  tags: { service: "confluence-sync", stage: settings.stage },
});
// A finding that is not suppressed with a reason fails the synthesis.
Aspects.of(app).add(new AwsSolutionsChecks({ verbose: true }));
