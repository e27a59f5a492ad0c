import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

/** A function as `cdk.out` would deploy it. */
export type DeployedFunction = {
  name: string;
  /** The asset: what Lambda unpacks. */
  directory: string;
  handler: string;
  timeoutSeconds: number;
  memoryMb: number;
  variables: Record<string, string>;
};

const functionResource = z.object({
  Type: z.literal("AWS::Lambda::Function"),
  Properties: z.object({
    FunctionName: z.string(),
    Handler: z.string(),
    Timeout: z.number(),
    MemorySize: z.number(),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  }),
  Metadata: z.object({ "aws:asset:path": z.string() }),
});
const templateSchema = z.object({ Resources: z.record(z.string(), z.unknown()) });

/**
 * Reads the functions of a synthesized stage. Variables that refer to resources (queue URLs, ARNs) take their values from
 * `resolved`; one that it does not know is an error, because Lambda would have a value for it.
 */
export function readDeployedFunctions(
  cloudAssembly: string,
  stage: string,
  resolved: Record<string, string>,
): DeployedFunction[] {
  const prefix = `confluence-sync-${stage}`;
  const text = readFileSync(join(cloudAssembly, `${prefix}.template.json`), "utf8");
  const { Resources } = templateSchema.parse(JSON.parse(text));
  return Object.values(Resources).flatMap((resource) => {
    const parsed = functionResource.safeParse(resource);
    if (!parsed.success) return [];
    const { Properties, Metadata } = parsed.data;
    return [
      {
        name: Properties.FunctionName.slice(prefix.length + 1),
        directory: resolve(cloudAssembly, Metadata["aws:asset:path"]),
        handler: Properties.Handler,
        timeoutSeconds: Properties.Timeout,
        memoryMb: Properties.MemorySize,
        variables: resolveVariables(Properties.Environment.Variables, resolved),
      },
    ];
  });
}

function resolveVariables(
  variables: Record<string, unknown>,
  resolved: Record<string, string>,
): Record<string, string> {
  const entries = Object.entries(variables).map(([name, value]) => {
    const text = typeof value === "string" ? value : resolved[name];
    if (text === undefined) throw new Error(`The template refers to a resource for ${name}: no value here`);
    return [name, text];
  });
  return Object.fromEntries(entries);
}
