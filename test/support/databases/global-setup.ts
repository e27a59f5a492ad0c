import { embeddedImage } from "./image.ts";
import { createTemplate } from "./server.ts";

/** Before the first suite: the migrated database that each suite's own is a copy of. On a server it is dropped after the last. */
export default async function setUp(): Promise<(() => Promise<void>) | undefined> {
  const server = process.env.DATABASE_URL;
  if (!server) {
    await embeddedImage();
    return undefined;
  }
  const template = await createTemplate(server);
  process.env["TEST_DATABASE_TEMPLATE"] = template.name;
  return template.drop;
}
