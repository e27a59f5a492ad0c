import { FURTHER_PLANTED_BUGS } from "../further-planted-bugs.ts";
import { PLANTED_BUGS } from "../planted-bugs.ts";
import { BORDER_BUGS } from "./borders.ts";
import { EVENT_BUGS } from "./events.ts";
import { OPTIONAL_CALL_BUGS } from "./optional-calls.ts";
import { PAGE_BUGS } from "./pages.ts";

/** Every bug that is planted; `npm run mutants` looks for each. */
export const ALL_PLANTED_BUGS = [
  ...PLANTED_BUGS,
  ...FURTHER_PLANTED_BUGS,
  ...BORDER_BUGS,
  ...EVENT_BUGS,
  ...PAGE_BUGS,
  ...OPTIONAL_CALL_BUGS,
];
