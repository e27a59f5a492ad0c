import assert from "node:assert/strict";
import { EXTRACT_FUNCTION } from "#infra/topology.ts";
import { signedAddress } from "#infra/local/confluence-site/media-host.ts";
import { presentFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import type { ServiceClient } from "#infra/local/demo/service-client.ts";
import { fromExtractionResponse } from "#shared/extraction/extraction-response.ts";
import { nestedFormsPdf, pdfFile } from "#test/support/pdf-file.ts";
import { pageByTitle } from "#test/support/service-with-site.ts";
import type { Deployment } from "./deployment.ts";
import type { Check } from "./check.ts";

const WORD = "tugboatquota";

/** A PDF with a word of its own on a page of the site. */
export function uploadReport(site: Site): void {
  const bytes = pdfFile([{ lines: [{ text: `The ${WORD} was raised in autumn.`, x: 72, y: 700 }] }]);
  uploadFile(site, { containerId: pageByTitle(site, "Topic 7").id, title: "harbour.pdf", bytes });
}

/** Files through the deployed functions, after a sync of the site with the report. */
export async function checkExtraction(
  { pools, confluence, logs }: Deployment,
  service: ServiceClient,
  check: Check,
): Promise<void> {
  const { site } = confluence;
  const pool = pools.get(EXTRACT_FUNCTION);
  assert.ok(pool, "The template has the function");
  const extract = async (bytes: Buffer, title: string) => {
    const file = uploadFile(site, { containerId: pageByTitle(site, "Topic 8").id, title, bytes });
    const url = signedAddress(site, presentFile(file), title);
    try {
      return await pool.invoke({ url, name: title, media_type: "application/pdf", max_bytes: 50_000_000 });
    } finally {
      // What the other checks sync does not include it.
      site.attachments.delete(file.id);
    }
  };
  const good = pdfFile([{ lines: [{ text: "Read on its own.", x: 72, y: 700 }] }]);

  await check(
    "a search finds a file by a word of it, extracted by the function that has nothing else",
    async () => {
      const [hit] = await service.search(`Was the ${WORD} raised?`, 3);
      assert.equal(hit?.title, "harbour.pdf");
    },
  );
  await check(
    "the extracting function reads a PDF by the library with native code beside its bundle",
    async () => {
      const extracted = fromExtractionResponse(await extract(good, "good.pdf"));
      assert.equal(extracted.result, "text");
      assert.match(extracted.extractor, /^liteparse/);
    },
  );
  await check(
    "a hostile file ends its environment at the function's memory, and the next file is read by another",
    async () => {
      const before = pool.coldStarts.length;
      await assert.rejects(extract(nestedFormsPdf(8), "hostile.pdf"), { name: "Runtime.OutOfMemory" });
      const extracted = fromExtractionResponse(await extract(good, "good.pdf"));
      assert.equal(extracted.result, "text");
      assert.equal(pool.coldStarts.length, before + 1);
    },
  );
  await check(
    "a file that is not there is a response of the extracting function, and its log does not have the address",
    async () => {
      const url = `${site.mediaUrl}/file/none/binary?token=nobody-may-see-this`;
      const response = await pool.invoke({
        url,
        name: "a.pdf",
        media_type: "application/pdf",
        max_bytes: 1000,
      });
      assert.throws(() => fromExtractionResponse(response), { code: "signed_url_expired" });
      assert.ok(logs().includes('"event":"file.not_downloaded"'));
      assert.ok(!logs().includes("nobody-may-see-this") && !logs().includes("binary?token="));
    },
  );
}
