import { useState } from "preact/hooks";
import { Button } from "#infra/console/parts/button.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { hasKey, setApiKey } from "#infra/console/state/service.ts";

/** Asks for the API key of a service that wants one. */
export function KeyForm() {
  const [key, setKey] = useState("");
  return (
    <Screen title="API key">
      <form
        class="fields narrow"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== "") setApiKey(key.trim());
        }}
      >
        <p>
          {hasKey.value
            ? "The service refuses the key. Enter the one that it was started with (API_KEY), or one of API_KEYS_FILE."
            : "This service answers only requests with its key: the one that it was started with (API_KEY), or one of API_KEYS_FILE."}
        </p>
        <label>
          Key
          <input
            type="password"
            autocomplete="off"
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <p class="quiet">It is kept until this tab is closed.</p>
        <p class="buttons">
          <Button kind="primary" type="submit">
            Use this key
          </Button>
        </p>
      </form>
    </Screen>
  );
}
