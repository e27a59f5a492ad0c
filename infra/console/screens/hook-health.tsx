import type { Site } from "#infra/console/api/types.ts";
import { counted, sentence, words } from "#infra/console/parts/format.ts";
import { Badge } from "#infra/console/parts/notices.tsx";
import { Ago } from "#infra/console/parts/time.tsx";

/** Who announces edits of a site, when they did last, and what they missed. */
export function HookHealth({ hooks }: { hooks: Site["hooks"] }) {
  return hooks.map((hook) => (
    <span key={hook.hook_id}>
      {words(hook.kind)} hook: {hook.last_delivery_at === null ? "nothing received" : "last delivery"}{" "}
      {hook.last_delivery_at !== null && <Ago at={hook.last_delivery_at} />}
      {hook.missed_edits > 0 && `, ${counted(hook.missed_edits, "edit")} not announced`}
      {hook.warnings.map(({ code, message }) => (
        <span key={code}>
          {" "}
          <Badge tone="warn">{words(code)}</Badge> {sentence(message)}
        </span>
      ))}
    </span>
  ));
}
