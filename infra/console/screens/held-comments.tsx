import { useState } from "preact/hooks";
import { Button } from "#infra/console/parts/button.tsx";
import { Confirm } from "#infra/console/parts/dialog.tsx";
import { counted } from "#infra/console/parts/format.ts";
import { Notice } from "#infra/console/parts/notices.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { call } from "#infra/console/state/service.ts";

/** Comments that are held: they are decided with everything else, by a check without the limit. */
export function HeldComments({
  sourceId,
  comments,
  busy,
  afterwards,
}: {
  sourceId: string;
  comments: number;
  busy: boolean;
  afterwards: () => void;
}) {
  const [asked, ask] = useState(false);
  const force = useAction(async (idempotencyKey: string) => {
    await call("checkDeletions", { params: { source_id: sourceId }, body: { force: true }, idempotencyKey });
    ask(false);
    afterwards();
    return "Deletion check started, without the limit.";
  });
  return (
    <Notice>
      <p>
        {counted(comments, "comment")} are held too. They are not listed one by one: a deletion check without
        the limit decides on them, and on every page above that was not kept.
      </p>
      <Button kind="danger" disabled={busy} onClick={() => ask(true)}>
        Check without the limit …
      </Button>
      {asked && (
        <Confirm
          title="Check deletions without the limit?"
          confirm="Check without the limit"
          sending={force.sending}
          error={force.error}
          onConfirm={() => void force.run()}
          onClose={() => {
            force.clear();
            ask(false);
          }}
        >
          <p>
            Everything that Confluence does not have any more is removed from the index, however much it is.
            Confluence itself is not changed.
          </p>
        </Confirm>
      )}
    </Notice>
  );
}
