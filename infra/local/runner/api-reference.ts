import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** Swagger UI's own files: the page needs no other host. */
const assets: Record<string, { file: string; type: string }> = {
  "/docs/swagger-ui.css": { file: "swagger-ui-dist/swagger-ui.css", type: "text/css; charset=utf-8" },
  "/docs/swagger-ui-bundle.js": {
    file: "swagger-ui-dist/swagger-ui-bundle.js",
    type: "text/javascript; charset=utf-8",
  },
  "/docs/favicon.png": { file: "swagger-ui-dist/favicon-32x32.png", type: "image/png" },
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Confluence RAG sync · API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="/docs/favicon.png" />
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

/** Swagger UI writes style attributes and data: images; scripts and requests stay on this host. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export type ReferenceResponse = {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  isBase64Encoded: boolean;
};

/** The API reference at `/docs` and what it loads; null for any other path. It holds no data, so it needs no key. */
export async function serveReference(path: string): Promise<ReferenceResponse | null> {
  if (path === "/docs" || path === "/docs/") return respond("text/html; charset=utf-8", Buffer.from(PAGE));
  if (path === "/docs/start.js") return respond("text/javascript; charset=utf-8", Buffer.from(START));
  const asset = assets[path];
  if (!asset) return null;
  return respond(asset.type, await readFile(fileURLToPath(import.meta.resolve(asset.file))));
}

function respond(type: string, bytes: Buffer): ReferenceResponse {
  return {
    statusCode: 200,
    headers: {
      "content-type": type,
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "private, max-age=3600",
    },
    body: bytes.toString("base64"),
    isBase64Encoded: true,
  };
}
