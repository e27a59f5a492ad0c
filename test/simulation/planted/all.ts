import { FURTHER_PLANTED_BUGS } from "../further-planted-bugs.ts";
import { PLANTED_BUGS } from "../planted-bugs.ts";
import { AGENT_BUGS } from "./agents.ts";
import { BORDER_BUGS } from "./borders.ts";
import { COMMENT_BUGS } from "./comments.ts";
import { CONVERSION_BUGS } from "./conversion.ts";
import { DELETION_BUGS } from "./deletions.ts";
import { DOCUMENT_BUGS } from "./documents.ts";
import { EMBEDDING_BUGS } from "./embeddings.ts";
import { EVENT_BUGS } from "./events.ts";
import { FILE_BUGS } from "./files.ts";
import { GUARDED_MACRO_BUGS } from "./guarded-macros.ts";
import { HOOK_BUGS } from "./hooks.ts";
import { INCLUDED_CONTENT_BUGS } from "./included-content.ts";
import { KIND_BUGS } from "./kinds.ts";
import { LISTING_BUGS } from "./listings.ts";
import { LIVE_DOC_BUGS } from "./live-docs.ts";
import { NEW_TEXT_BUGS } from "./new-text.ts";
import { OPTIONAL_CALL_BUGS } from "./optional-calls.ts";
import { PAGE_BUGS } from "./pages.ts";
import { LIVE_VERIFICATION_BUGS } from "./live-verification.ts";
import { READER_BUGS } from "./readers.ts";
import { PLACES_BUGS } from "./places.ts";
import { PULSE_BUGS } from "./pulses.ts";
import { RIGHTS_BUGS } from "./rights.ts";
import { RUNTIME_BUGS } from "./runtime.ts";
import { SITE_BUGS } from "./sites.ts";
import { SHARED_SWEEP_BUGS } from "./sweeps-of-a-site.ts";

/** Every bug that is planted; `npm run mutants` looks for each. */
export const ALL_PLANTED_BUGS = [
  ...PLANTED_BUGS,
  ...FURTHER_PLANTED_BUGS,
  ...AGENT_BUGS,
  ...BORDER_BUGS,
  ...COMMENT_BUGS,
  ...DELETION_BUGS,
  ...CONVERSION_BUGS,
  ...DOCUMENT_BUGS,
  ...EMBEDDING_BUGS,
  ...EVENT_BUGS,
  ...FILE_BUGS,
  ...GUARDED_MACRO_BUGS,
  ...HOOK_BUGS,
  ...INCLUDED_CONTENT_BUGS,
  ...KIND_BUGS,
  ...LISTING_BUGS,
  ...LIVE_DOC_BUGS,
  ...PAGE_BUGS,
  ...PLACES_BUGS,
  ...PULSE_BUGS,
  ...READER_BUGS,
  ...NEW_TEXT_BUGS,
  ...LIVE_VERIFICATION_BUGS,
  ...RIGHTS_BUGS,
  ...RUNTIME_BUGS,
  ...SHARED_SWEEP_BUGS,
  ...SITE_BUGS,
  ...OPTIONAL_CALL_BUGS,
];
