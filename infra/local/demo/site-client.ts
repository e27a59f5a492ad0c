import { z } from "zod";

/** The demo's view of the Confluence site: its admin endpoint, as the people who write pages, and its REST API to read them. */
export type SiteClient = {
  pages(): Promise<SitePage[]>;
  storageBody(id: string): Promise<string>;
  add(page: { title: string; body: string; parentId: string | null }): Promise<void>;
  edit(id: string, body: string): Promise<void>;
  move(id: string, parentId: string): Promise<void>;
  trash(id: string): Promise<void>;
  /** From now on only these people see the page. */
  restrict(title: string, accountIds: readonly string[]): Promise<void>;
};

const sitePage = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  parent_id: z.string().nullable(),
  status: z.string(),
  version: z.number(),
});
export type SitePage = z.infer<typeof sitePage>;

const pageList = z.object({ pages: z.array(sitePage) });
const pageWithBody = z.object({ body: z.object({ storage: z.object({ value: z.string() }) }) });

export type Account = { email: string; apiToken: string };

export function makeSiteClient(url: string, spaceKey: string, account: Account): SiteClient {
  const authorization = `Basic ${Buffer.from(`${account.email}:${account.apiToken}`).toString("base64")}`;
  async function call(path: string, init: RequestInit): Promise<unknown> {
    const response = await fetch(url + path, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`The Confluence site returned ${response.status} for ${path}: ${text}`);
    return JSON.parse(text);
  }
  const command = async (name: string, input: Record<string, unknown>) => {
    await call(`/admin/${name}`, { method: "POST", body: JSON.stringify(input) });
  };
  return {
    async pages() {
      const { pages } = pageList.parse(await call(`/admin/pages?space=${spaceKey}`, {}));
      return pages.filter((page) => page.status === "current");
    },
    async storageBody(id) {
      const path = `/wiki/api/v2/pages/${id}?body-format=storage`;
      return pageWithBody.parse(await call(path, { headers: { authorization } })).body.storage.value;
    },
    add: ({ title, body, parentId }) => command("add", { space: spaceKey, title, body, parent_id: parentId }),
    edit: (id, body) => command("edit", { id, body }),
    move: (id, parentId) => command("move", { id, parent_id: parentId }),
    trash: (id) => command("trash", { id }),
    restrict: (title, users) => command("restriction", { space: spaceKey, title, users }),
  };
}
