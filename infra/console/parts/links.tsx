import type { ComponentChildren } from "preact";
import { webAddress } from "./format.ts";

/** A link to Confluence, in another tab; text when the address is not a web address. */
export function Outside({ url, children }: { url: string | undefined; children: ComponentChildren }) {
  const href = url === undefined ? null : webAddress(url);
  if (href === null) return <>{children}</>;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
      <span class="outside" aria-hidden="true">
        {" "}
        ↗
      </span>
      <span class="unseen"> (opens Confluence in a new tab)</span>
    </a>
  );
}

/** Links between the views of one thing. */
export function Tabs({
  label,
  tabs,
  current,
}: {
  label: string;
  tabs: readonly { name: string; href: string; text: ComponentChildren }[];
  current: string;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, href, text }) => (
        <a key={name} href={href} aria-current={name === current ? "page" : undefined}>
          {text}
        </a>
      ))}
    </nav>
  );
}
