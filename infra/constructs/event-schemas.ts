import { CfnRegistry, CfnSchema } from "aws-cdk-lib/aws-eventschemas";
import { Construct } from "constructs";
import { z } from "zod";
import { domainEvents } from "#shared/domain-events.ts";

/** Publishes the JSON schema of every domain event in EventBridge's registry: generated from the types of the senders. */
export class EventSchemas extends Construct {
  constructor(scope: Construct, id: string, props: { registryName: string }) {
    super(scope, id);
    const registry = new CfnRegistry(this, "Registry", {
      registryName: props.registryName,
      description: "Events of the Confluence sync on its bus: the schema of each event's detail",
    });
    for (const type of Object.keys(domainEvents) as (keyof typeof domainEvents)[]) {
      const schema = new CfnSchema(this, type, {
        registryName: props.registryName,
        schemaName: `confluence-sync@${type}`,
        type: "JSONSchemaDraft4",
        content: JSON.stringify(detailSchema(type)),
      });
      schema.node.addDependency(registry);
    }
  }
}

/** The `detail` of an event as it is sent: the event's own fields, and its number in the outbox. */
export function detailSchema(type: keyof typeof domainEvents): unknown {
  const detail = domainEvents[type].extend({ event_id: z.int() });
  return { title: type, ...z.toJSONSchema(detail, { target: "draft-4", io: "output" }) };
}
