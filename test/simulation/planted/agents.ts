import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const CONNECTION_READER = "test/integration/mcp/connection-reader.test.ts";
const PROTOCOL = "test/integration/mcp/protocol.test.ts";
const LEFT_OUT = "test/integration/mcp/left-out.test.ts";
const READ_PAGE = "test/integration/mcp/read-page.test.ts";
const CHATGPT = "test/integration/mcp/chatgpt.test.ts";
const FIND_HITS = "functions/api/mcp/find-hits.ts";

/** What agents are shown, and how. */
export const AGENT_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    CONNECTION_READER,
    "a profile's search forgets whom the connection is for",
    change(FIND_HITS, "{ ...reader, caller,", "{ caller,"),
  ),
  bugFoundBy(
    CONNECTION_READER,
    "Archon's list of pages forgets whom the connection is for",
    change(
      "functions/api/mcp/archon/list-pages-for-source.ts",
      "{ caller, asked, sourceId, title",
      "{ caller, asked: {}, sourceId, title",
    ),
  ),
  bugFoundBy(
    CHATGPT,
    "titles reach models with what is not seen in them",
    change(FIND_HITS, "title: cleanLine(title),", "title,"),
  ),
  bugFoundBy(
    CHATGPT,
    "the part that follows is the first again",
    change("functions/api/mcp/read-by-id.ts", "id + CURSOR + cursor", "id"),
  ),
  bugFoundBy(
    PROTOCOL,
    "a batch cancels its own request",
    change(
      "functions/api/mcp/batch.ts",
      "batch.filter((message) => !cancellation.safeParse(message).success)",
      "[...batch]",
    ),
  ),
  bugFoundBy(
    LEFT_OUT,
    "a source that shows nothing is an empty result",
    change("functions/api/mcp/archon/arguments.ts", "if (isWithheld) throw sourceWithheld(sourceId);", ""),
  ),
  bugFoundBy(
    LEFT_OUT,
    "a profile's search does not say what it leaves out",
    change(FIND_HITS, "searchWarnings({ ...found, permissions })", "[]"),
  ),
  bugFoundBy(
    LEFT_OUT,
    "Confluence is asked about hits without code",
    change("functions/api/use-cases/run-search.ts", "choose.worth(hit) > 0", "true"),
  ),
  bugFoundBy(
    READ_PAGE,
    "a URL of a page's title reads a blog post",
    change("functions/api/mcp/find-document.ts", "pages.length > 0 ? pages : candidates", "candidates"),
  ),
];
