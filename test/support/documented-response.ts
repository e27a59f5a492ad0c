import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { z } from "zod";
import { makeDocument } from "#functions/api/contract/document.ts";

const anySchema = z.record(z.string(), z.unknown());
const response = z.object({ content: z.record(z.string(), z.object({ schema: anySchema })).optional() });
const documentShape = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.record(z.string(), response) }))),
  components: z.object({ schemas: anySchema }),
});

const document = documentShape.parse(JSON.parse(JSON.stringify(makeDocument())));
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajvFormats.default(ajv);
ajv.addSchema({ $id: "https://document.test/", components: document.components });
const validators = new Map<string, ValidateFunction>();

/**
 * Throws unless the OpenAPI document allows this response of the route: the status is listed, and the body fits its schema
 * (or there is none where none is documented). `body` null: that of a HEAD, which is documented as its GET.
 */
export function requireDocumented(route: string, status: number, body: string | null): void {
  const [method = "", path = ""] = route.replace(/^HEAD /, "GET ").split(" ");
  const response = document.paths[path]?.[method.toLowerCase()]?.responses[status];
  if (!response) throw new Error(`The document does not say that ${route} may return ${status}: ${body}`);
  if (body === null) return;
  const schema = response.content?.["application/json"]?.schema;
  if (!schema) {
    if (body !== "")
      throw new Error(`${route} returned ${status} with a body that is not documented: ${body}`);
    return;
  }
  const validate = validatorOf(`${route} ${status}`, schema);
  if (validate(JSON.parse(body))) return;
  throw new Error(
    `${route} returned ${status} outside its schema: ${ajv.errorsText(validate.errors)}\n${body.slice(0, 2000)}`,
  );
}

function validatorOf(key: string, schema: object): ValidateFunction {
  const known = validators.get(key);
  if (known) return known;
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"https://document.test/#/components/');
  const made = ajv.compile(anySchema.parse(JSON.parse(text)));
  validators.set(key, made);
  return made;
}
