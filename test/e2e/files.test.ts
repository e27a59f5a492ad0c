import { expect, it } from "vitest";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { nestedFormsPdf, pdfFile } from "#test/support/pdf-file.ts";
import { pageByTitle, startServiceWithSite } from "#test/support/service-with-site.ts";

it("over HTTP, a sync reads the files of a page in child processes: one is found by its text, and one that ends its reader fails alone", async () => {
  const { confluence, runner, service, sourceId, sync, close } = await startServiceWithSite({ pages: 2 });
  try {
    const upload = (title: string, bytes: Buffer) =>
      uploadFile(confluence.site, { containerId: pageByTitle(confluence.site, "Topic 1").id, title, bytes });
    upload("hostile.pdf", nestedFormsPdf(8));
    upload(
      "harbour.pdf",
      pdfFile([{ lines: [{ text: "The tugboatquota was raised in autumn.", x: 72, y: 700 }] }]),
    );
    const { status, sync_metrics } = await sync();
    expect({ status, ...sync_metrics }).toMatchObject({
      status: "completed",
      pages_added: 3,
      files_added: 2,
      files_failed: 0,
    });
    const [hit] = await service.search("Was the tugboatquota raised?", 3);
    expect(hit?.title).toBe("harbour.pdf");
    const path = `/api/confluence/${sourceId}/pages?kind=attachment&file_result=extraction_failed`;
    expect(await (await fetch(runner.url + path)).json()).toMatchObject({
      pages: [
        {
          title: "hostile.pdf",
          file: { message: "The file needs more than 1024 MB of memory to read" },
        },
      ],
    });
    // Each was downloaded once, without credentials.
    expect(
      confluence.site.mediaRequests.map(({ status: answered, credentials }) => [answered, credentials]),
    ).toEqual([
      [200, []],
      [200, []],
    ]);
  } finally {
    await close();
  }
});
