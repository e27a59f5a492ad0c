import { useState } from "preact/hooks";
import type { Calls } from "#infra/console/api/types.ts";
import type { Source } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { Confirm } from "#infra/console/parts/dialog.tsx";
import { counted } from "#infra/console/parts/format.ts";
import { ErrorBanner, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { Ago, AsOf } from "#infra/console/parts/time.tsx";
import { useAction, type Action } from "#infra/console/state/action.ts";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { HeldComments } from "./held-comments.tsx";
import { decisionOf, outdated, whichOf, type Decision } from "./held-decision.ts";
import { heldText } from "./source-states.ts";
import { PlannedChanges } from "./planned-changes.tsx";

type HeldList = Calls["listHeldDeletions"]["result"];

const EVERY_MS = 5000;
const BUSY_MS = 1000;

/** What a held deletion check would delete or hide: a person approves all or some, or keeps them. */
export function HeldDeletions({ source, refresh }: { source: Source; refresh: () => void }) {
  const params = { source_id: source.source_id };
  const { cursor } = place.value.query;
  // An approval is an operation: what it decided leaves the list when it ends.
  const isBusy = source.running_operation_id !== null;
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  // What the dialog asks about, kept as it was: a check that is held meanwhile is not what the person said yes to.
  const [asked, ask] = useState<Decision | null>(null);
  const [approval, setApproval] = useState<string | null>(null);
  const held = usePolled(
    `held ${source.source_id} ${cursor}`,
    (signal): Promise<HeldList> =>
      call("listHeldDeletions", { params, query: { cursor, limit: "200" }, signal }),
    isBusy ? BUSY_MS : EVERY_MS,
  );
  const check = usePolled(
    `check ${held.data?.operation_id}`,
    async (signal) => {
      const id = held.data?.operation_id ?? null;
      return id === null ? null : call("getProgress", { params: { operation_id: id }, signal });
    },
    null,
  );
  const message = check.data?.error_details?.message;
  const why = message === undefined ? null : heldText(message);
  const comments = held.data?.held_comments ?? 0;
  const changes = held.data?.held_deletions ?? [];
  const decision = decisionOf(held.data, selected);
  const settle = () => {
    select(new Set());
    ask(null);
    held.refresh();
    refresh();
  };
  const approve = useAction(async (idempotencyKey: string, request: Decision["body"]) => {
    reject.clear();
    const started = await call("approveDeletions", { params, body: request, idempotencyKey });
    setApproval(started.operation_id);
    settle();
    return `Approved: ${request.page_ids ? counted(request.page_ids.length, "page") : "all"}. Each is asked for once more before it goes.`;
  });
  const reject = useAction(async (_key: string, request: Decision["body"]) => {
    approve.clear();
    const { rejected } = await call("rejectDeletions", { params, body: request });
    settle();
    return `Kept: ${counted(rejected, "page")}. The next deletion check looks at them again.`;
  });
  const which = decision ? whichOf(decision) : "0 selected";
  const close = () => {
    approve.clear();
    ask(null);
  };
  return (
    <Loaded of={held} what="the held deletions">
      {(data) => (
        <>
          {approve.done !== null && (
            <Notice tone="ok">
              {approve.done} {approval !== null && <a href={to.operation(approval)}>See the result</a>}
            </Notice>
          )}
          {reject.done !== null && <Notice tone="ok">{reject.done}</Notice>}
          {approve.error && asked === null && <ErrorBanner error={approve.error} />}
          {reject.error && <ErrorBanner error={reject.error} />}
          {data.operation_id === null ? (
            <p class="empty">
              {isBusy
                ? "Nothing is held now. An operation is running: what it holds will be listed here."
                : "Nothing is held: no deletion check exceeded the limit."}
            </p>
          ) : (
            <>
              <p>
                A <a href={to.operation(data.operation_id)}>deletion check</a> was held{" "}
                <Ago at={data.held_at} />: {why ?? "it would delete or hide more than the limit allows."}{" "}
                Nothing of this list is touched until you decide. What you approve is asked for by its id once
                more: a page that came back stays.
              </p>
              {comments > 0 && (
                <HeldComments
                  sourceId={source.source_id}
                  comments={comments}
                  busy={isBusy}
                  afterwards={settle}
                />
              )}
              {changes.length > 0 && (
                <p class="buttons selection">
                  <Button kind="danger" disabled={isBusy || decision === null} onClick={() => ask(decision)}>
                    Approve {which}
                  </Button>
                  <Button
                    disabled={isBusy || decision === null}
                    sending={reject.sending}
                    onClick={() => decision && void reject.run(decision.body)}
                  >
                    Keep {which}
                  </Button>
                  {selected.size > 0 && <Button onClick={() => select(new Set())}>Clear</Button>}
                  {decision === null && (
                    <span class="quiet">What you selected is not on this page of the list.</span>
                  )}
                  {isBusy && <span class="quiet">An operation is running: decide when it has ended.</span>}
                </p>
              )}
              <PlannedChanges
                sourceId={source.source_id}
                changes={changes}
                selection={{ selected, select }}
                empty="Every page is decided."
              />
              <Pager next={data.next_cursor} shown={changes.length} />
            </>
          )}
          <AsOf of={held} />
          {asked && (
            <ConfirmApproval
              decision={asked}
              title={source.title}
              objection={approve.sending ? null : outdated(asked, data)}
              approve={approve}
              onClose={close}
            />
          )}
        </>
      )}
    </Loaded>
  );
}

function ConfirmApproval({
  decision,
  title,
  objection,
  approve,
  onClose,
}: {
  decision: Decision;
  title: string;
  /** Why it may not be sent any more. */
  objection: string | null;
  approve: Action<[Decision["body"]]>;
  onClose: () => void;
}) {
  const { chosen, listed, continues } = decision;
  return (
    <Confirm
      title={chosen === null ? "Approve all held deletions?" : `Approve ${counted(chosen, "deletion")}?`}
      confirm={`Approve ${whichOf(decision)}`}
      disabled={objection !== null}
      sending={approve.sending}
      error={approve.error}
      onConfirm={() => void approve.run(decision.body)}
      onClose={onClose}
    >
      <p>
        {chosen === null
          ? `${continues ? `The ${counted(listed, "page")} shown and those on further pages of the list` : `All ${counted(listed, "page")} of the list`} are removed from the index of ${title}.`
          : `${counted(chosen, "page")} of ${title} will be removed from the index.`}{" "}
        Confluence itself is not changed.
      </p>
      {objection !== null && (
        <div class="banner warn" role="alert">
          {objection}
        </div>
      )}
    </Confirm>
  );
}
