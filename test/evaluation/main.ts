import { runOneOf } from "#infra/local/runner/run-command.ts";
import { evaluateAttachments } from "./attachments/evaluate-attachments.ts";
import { evaluateConversion } from "./conversion/evaluate-conversion.ts";
import { evaluateGoldens } from "./goldens/evaluate-goldens.ts";
import { evaluateSearch } from "./search/evaluate-search.ts";

await runOneOf({
  name: "npm run evaluate --",
  does: "How well a part does its job on a folder of real pages or files.",
  commands: {
    attachments: evaluateAttachments,
    conversion: evaluateConversion,
    goldens: evaluateGoldens,
    search: evaluateSearch,
  },
});
