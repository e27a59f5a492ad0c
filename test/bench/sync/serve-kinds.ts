import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { loadSite } from "#infra/local/confluence-site/load-site.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { largestSpace } from "./largest-space.ts";
import { ownWord } from "./own-word.ts";
import { servePart } from "./part.ts";

/**
 * The simulated site over a folder: `serve-kinds.ts DIR COMMENTS FILES POSTS`, so many of each in its largest space, with a word of their
 * own. They are a month old: what was written within the last half hour is listed by the next sync again.
 */
const MONTH_MS = 30 * 24 * 60 * 60_000;
const [folder = "", ...numbers] = process.argv.slice(2);
const [comments = 0, files = 0, posts = 0] = numbers.map(Number);
let agoMs = MONTH_MS;
const site = await loadSite(folder, { now: () => new Date(Date.now() - agoMs), random: Math.random });
const space = largestSpace(site);

for (let n = 0; n < posts; n += 1) {
  const body = `<p>This week the team tells of ${ownWord("posts", n)} and of what comes next.</p>`;
  addPage(site, { kind: "blogpost", space: space.key, title: `Week ${n}`, body });
}
const containers = [...site.pages.values()].filter(
  ({ spaceId, status }) => spaceId === space.id && status === "current",
);
const on = (n: number) => containers[n % containers.length]?.id ?? "";
for (let n = 0; n < comments; n += 1)
  addComment(site, {
    containerId: on(n),
    body: `<p>Has anybody tried ${ownWord("comments", n)} for this yet?</p>`,
  });
for (let n = 0; n < files; n += 1)
  uploadFile(site, {
    containerId: on(n),
    title: `minutes-${n}.md`,
    bytes: Buffer.from(`# Minutes\n\nThe meeting has agreed on ${ownWord("files", n)} at last.\n`),
    mediaType: "text/markdown",
  });
agoMs = 0;

const { url } = await startConfluenceSite({ site });
let calls = 0;
function count(): Record<string, number> {
  calls += site.requests.splice(0).length;
  return { calls, contents: containers.length };
}
// Requests are logged: read often, they take no memory.
setInterval(count, 1000).unref();
servePart({ url, facts: { space: space.key } }, count);
