import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const TOGETHER = "test/integration/syncs/embedded-together.test.ts";
const CHANGE_MODEL = "test/integration/documents/change-model.test.ts";
const GROUPS = "shared/embeddings/embed-groups.ts";

/** Texts of several pages in one request: whose vectors they are, and whose fault it is when it fails. */
export const EMBEDDING_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    CHANGE_MODEL,
    "chunks of a changed model keep the hash of what the old one embedded",
    change("shared/documents/change-model.ts", "where c.id = n.id and c.input_hash <> n.hash", "where false"),
  ),
  bugFoundBy(
    CHANGE_MODEL,
    "pages that a new model refused before keep it from those after them",
    change("shared/documents/change-model.ts", "return found?.any === true;", "return false;"),
  ),
  bugFoundBy(
    TOGETHER,
    "pages get each other's vectors",
    change(
      GROUPS,
      "const slot = wanted[first + index];",
      "const slot = wanted[wanted.length - 1 - first - index];",
    ),
  ),
  bugFoundBy(
    TOGETHER,
    "vectors that arrived before a failure are lost",
    change(
      GROUPS,
      "embedder.embed(texts, { signal, onVectors, onTokens })",
      "embedder.embed(texts, { signal, onTokens })",
    ),
  ),
  bugFoundBy(
    TOGETHER,
    "a refused text fails the pages beside it",
    change(
      GROUPS,
      "failure && open.length > 1 && isAboutTexts",
      "failure && open.length > 999 && isAboutTexts",
    ),
  ),
  bugFoundBy(
    TOGETHER,
    "a page that failed is embedded with others again",
    change(
      "shared/syncs/pages/page-group.ts",
      "  if (work.attempts > 1 || group.some((prepared) => prepared.work.attempts > 1)) return false;\n",
      "",
    ),
  ),
  bugFoundBy(
    TOGETHER,
    "pages of a cancelled operation are stored",
    change(
      "shared/syncs/pages/process-claimed.ts",
      "if (!wasOpen && ",
      "if (!wasOpen && open.size > 999 && ",
    ),
  ),
  bugFoundBy(
    TOGETHER,
    "when time is up every page without vectors has failed",
    change(
      "shared/syncs/pages/page-group.ts",
      "  if (!isLate) return { ready, failed, isLate };",
      "  if (failed) return { ready, failed, isLate };",
    ),
  ),
  bugFoundBy(
    TOGETHER,
    "a limit of the model pauses the site",
    change(
      "shared/syncs/pages/process-claimed.ts",
      "const until = endOfPause(error, services);",
      "const until = await pause(source, error, services);",
    ),
  ),
];
