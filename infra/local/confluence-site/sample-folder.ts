import { fileURLToPath } from "node:url";

/** The sample site's pages: the handbook of an imagined engineering team, space `DEMO`. */
export const SAMPLE_FOLDER = fileURLToPath(new URL("./sample", import.meta.url));
