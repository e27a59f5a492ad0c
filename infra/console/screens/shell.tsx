import { announcement } from "#infra/console/state/announce.ts";
import { place } from "#infra/console/state/location.ts";
import { to, type Route } from "#infra/console/state/router.ts";
import { hasKey, keyWanted, setApiKey } from "#infra/console/state/service.ts";
import { Screen } from "#infra/console/parts/screen.tsx";
import { KeyForm } from "./key-form.tsx";
import { Sources } from "./sources.tsx";
import { Connect } from "./connect.tsx";
import { SourceScreen } from "./source.tsx";
import { PageScreen } from "./page.tsx";
import { OperationScreen } from "./operation.tsx";
import { Search } from "./search.tsx";
import { Health } from "./health.tsx";

const SECTIONS = [
  { text: "Sources", href: to.sources(), screens: ["sources", "connect", "source", "page", "operation"] },
  { text: "Search", href: to.search(), screens: ["search"] },
  { text: "Cost and health", href: to.health(), screens: ["health"] },
];

/** What surrounds each screen: skip link, navigation, the live region, and the API key when the service wants one. */
export function Shell() {
  const { route } = place.value;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header>
        <a class="product" href={to.sources()}>
          Confluence sync
        </a>
        <nav aria-label="Sections">
          {SECTIONS.map(({ text, href, screens }) => (
            <a key={href} href={href} aria-current={screens.includes(route.screen) ? "true" : undefined}>
              {text}
            </a>
          ))}
        </nav>
        {hasKey.value && (
          <button type="button" class="link" onClick={() => setApiKey(null)}>
            Forget the key
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        {keyWanted.value ? <KeyForm /> : screenOf(route)}
      </main>
      <div role="status" class="unseen">
        {announcement.value}
      </div>
    </>
  );
}

function screenOf(route: Route) {
  switch (route.screen) {
    case "sources":
      return <Sources />;
    case "connect":
      return <Connect />;
    case "source":
      return <SourceScreen key={route.sourceId} sourceId={route.sourceId} tab={route.tab} />;
    case "page":
      return (
        <PageScreen
          key={`${route.sourceId} ${route.pageId}`}
          sourceId={route.sourceId}
          pageId={route.pageId}
          tab={route.tab}
        />
      );
    case "operation":
      return <OperationScreen key={route.operationId} operationId={route.operationId} />;
    case "search":
      return <Search />;
    case "health":
      return <Health />;
    case "unknown":
      return (
        <Screen title="No such screen">
          <p>
            The console has no screen <code>{route.path}</code>. <a href={to.sources()}>All sources</a>
          </p>
        </Screen>
      );
  }
}
