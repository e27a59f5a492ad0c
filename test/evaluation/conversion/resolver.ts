import type { ReferenceResolver } from "#shared/markdown/page-content.ts";

/** A site where everything that a page refers to exists, at addresses that tell what they were made from. */
export const evaluationResolver: ReferenceResolver = {
  pageUrl: ({ title, spaceKey, anchor }) =>
    `https://wiki.example/display/${encodeURIComponent(spaceKey ?? "-")}/${encodeURIComponent(title)}${anchor ? `#${encodeURIComponent(anchor)}` : ""}`,
  attachmentUrl: ({ fileName }) => `https://wiki.example/download/${encodeURIComponent(fileName)}`,
  userName: (accountId) => `Person ${accountId.replace(/[^a-z0-9]/gi, "")}`,
  absoluteUrl: (href) => href,
};
