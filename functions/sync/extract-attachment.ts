import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { attachmentToExtract } from "#shared/extraction/extract-attachment.ts";
import { toExtractionResponse, type ExtractionResponse } from "#shared/extraction/extraction-response.ts";
import { ownProcessExtractor } from "#functions/runtime/providers/own-process-extractor.ts";
import { beginInvocation, resolveServices } from "#functions/runtime/services.ts";

/** Downloads one file from its signed address and extracts its text. No database, no secret, no VPC. */
export const handler = middy<unknown, ExtractionResponse, Error, Context>().handler(
  async (event, context) => {
    beginInvocation(context);
    const { extractor, log } = await resolveServices([ownProcessExtractor]);
    const response = await toExtractionResponse(extractor(attachmentToExtract.parse(event)));
    // The address is a credential while it lasts, and may be part of a message.
    if (response.outcome !== "extracted") log.warn("file.not_downloaded", { code: response.code });
    return response;
  },
);
