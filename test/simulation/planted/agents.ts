import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const CONNECTION_READER = "test/integration/mcp/connection-reader.test.ts";
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
];
