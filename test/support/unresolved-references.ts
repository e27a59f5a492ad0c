import type { ReferenceResolver } from "#shared/markdown/page-content.ts";

/** A resolver that resolves nothing: links of the page stay unchanged, pages, files and people are unknown. */
export const unresolvedReferences: ReferenceResolver = {
  pageUrl: () => null,
  attachmentUrl: () => null,
  userName: () => null,
  absoluteUrl: (href) => href,
};
