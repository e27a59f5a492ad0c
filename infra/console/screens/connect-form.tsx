import { Button } from "#infra/console/parts/button.tsx";
import { Check, Choice, Field } from "#infra/console/parts/fields.tsx";
import { ACCESS_CHOICES, COMMENT_CHOICES, STRATEGY_CHOICES } from "./choices.ts";
import type { ConnectInput } from "./connect-request.ts";

/** Address, credentials, spaces, and how they are synced. */
export function ConnectForm({
  input,
  change,
  checking,
  isChecked,
  onCheck,
}: {
  input: ConnectInput;
  change: (changes: Partial<ConnectInput>) => void;
  checking: boolean;
  /** Whether connecting is what comes next. */
  isChecked: boolean;
  onCheck: () => void;
}) {
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        onCheck();
      }}
    >
      <Field
        label="Address of the site"
        placeholder="https://acme.atlassian.net"
        required
        value={input.baseUrl}
        onValue={(baseUrl) => change({ baseUrl })}
      />
      <Choice
        label="Credentials"
        choices={[
          ["token", "API token of an account"],
          ["client", "client id and secret of a service account"],
        ]}
        value={input.kind}
        onValue={(kind) => change({ kind })}
      />
      {input.kind === "token" ? (
        <>
          <Field
            label="E-mail of the account"
            hint="Empty for a token that is sent as a bearer token."
            type="email"
            value={input.email}
            onValue={(email) => change({ email })}
          />
          <Field
            label="API token"
            hint="Stored encrypted, never shown again."
            type="password"
            required
            value={input.token}
            onValue={(token) => change({ token })}
          />
        </>
      ) : (
        <>
          <Field
            label="Client id"
            required
            value={input.clientId}
            onValue={(clientId) => change({ clientId })}
          />
          <Field
            label="Client secret"
            hint="Stored encrypted, never shown again."
            type="password"
            required
            value={input.clientSecret}
            onValue={(clientSecret) => change({ clientSecret })}
          />
        </>
      )}
      <Choice
        label="Spaces"
        choices={[
          ["some", "those that I name"],
          ["all", "all that the account sees, also later ones"],
        ]}
        value={input.which}
        onValue={(which) => change({ which })}
      />
      {input.which === "some" ? (
        <Field
          label="Space keys"
          hint="Separated by commas; * stands for any letters."
          placeholder="DOCS, TEAM*"
          required
          value={input.keys}
          onValue={(keys) => change({ keys })}
        />
      ) : (
        <Field
          label="But not these"
          hint="Space keys separated by commas; * stands for any letters."
          value={input.exclude}
          onValue={(exclude) => change({ exclude })}
        />
      )}
      <Choice
        label="Search shows"
        choices={ACCESS_CHOICES}
        value={input.access}
        onValue={(access) => change({ access })}
      />
      <details>
        <summary>More settings</summary>
        <div class="fields">
          <fieldset>
            <legend>Also sync</legend>
            <Check
              label="Blog posts"
              value={input.blogposts}
              onValue={(blogposts) => change({ blogposts })}
            />
            <Check
              label="Files"
              value={input.attachments}
              onValue={(attachments) => change({ attachments })}
            />
          </fieldset>
          <Choice
            label="Comments"
            choices={COMMENT_CHOICES}
            value={input.comments}
            onValue={(comments) => change({ comments })}
          />
          <Choice
            label="Pages deleted in Confluence are looked for"
            choices={STRATEGY_CHOICES}
            value={input.strategy}
            onValue={(strategy) => change({ strategy })}
          />
          <Field
            label="Minutes between two syncs"
            hint="Empty: on demand only. What changes is asked for each minute anyway."
            type="number"
            min={1}
            value={input.interval}
            onValue={(interval) => change({ interval })}
          />
        </div>
      </details>
      <p class="buttons">
        <Button kind={isChecked ? "plain" : "primary"} type="submit" sending={checking}>
          Check
        </Button>
      </p>
    </form>
  );
}
