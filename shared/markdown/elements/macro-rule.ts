import { descendant } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { type AlertKind, alertKind, appendPanel } from "./boxes.ts";
import { appendBody, appendTitled, linkTo, panelContent } from "./macro-content.ts";
import { type Macro, parameter } from "./macro.ts";

export type Convert = (macro: Macro, target: PlainElement, build: PlainTreeBuilder) => void;

/** How a macro is converted. */
export type MacroRule = {
  convert: Convert;
  /** Its content comes from elsewhere, so the storage is not enough: the rendered body must be fetched. */
  rendered?: boolean | ((macro: Macro) => boolean);
};

/** An alert of this kind, or a quote: its title and its body. */
export const panel = (kind: AlertKind | null): MacroRule => ({
  convert: (macro, target, build) =>
    appendPanel({ kind, title: parameter(macro, "title"), content: panelContent(macro) }, target, build),
});
/** A box whose title is the first of the named parameters that it has. */
export const box = (...titles: string[]): MacroRule => ({
  convert: (macro, target, build) => appendTitled(parameter(macro, ...titles), macro, target, build),
});
/** Text in a lozenge, separated from the words around it. */
export const lozenge = (read: (macro: Macro) => string): MacroRule => ({
  convert: (macro, target, build) => build.apart(target, () => build.text(read(macro), target)),
});
/** Its body, if it has one; no parameter. */
export const body: MacroRule = { convert: appendBody };
/** A link to the first of these parameters that it has. */
export const link = (...parameters: string[]): MacroRule => ({
  convert: (macro, target, build) => {
    for (const name of parameters) {
      const element = macro.parameters.get(name);
      if (element) return linkTo(element, target, build);
    }
  },
});

/** A button: its label and its target. */
export const button: MacroRule = {
  convert: (macro, target, build) => {
    const title = parameter(macro, "title", "label");
    const address = parameter(macro, "url", "link");
    const href = /^(https?:|\/)/.test(address) ? build.resolver.absoluteUrl(address) : null;
    if (title !== "") build.apart(target, () => build.link(href, [title], target));
    appendBody(macro, target, build);
  },
};

/** The key, with a link if the site is known. */
export const jira: MacroRule = {
  convert: (macro, target, build) => {
    const key = parameter(macro, "key") || /^[A-Z][A-Z0-9_]+-\d+$/.exec(parameter(macro, ""))?.[0] || "";
    if (key === "") return;
    const site = parameter(macro, "baseurl", "url");
    const href = /^https?:/.test(site) ? `${site.replace(/(?<!\/)\/+$/, "")}/browse/${key}` : null;
    build.apart(target, () => build.link(href, [key], target));
  },
  rendered: true,
};

/** A link to the included page. */
export const includePage: MacroRule = {
  convert: (macro, target, build) => {
    const page = macro.parameters.get("") ?? macro.parameters.get("page");
    if (page && descendant(page, (element) => element.name === "ri:page")) linkTo(page, target, build);
    appendBody(macro, target, build);
  },
  rendered: true,
};

export const alert: MacroRule = {
  convert: (macro, target, build) => {
    const kind = alertKind(parameter(macro, "type")) ?? "NOTE";
    appendPanel({ kind, title: parameter(macro, "title"), content: panelContent(macro) }, target, build);
  },
};

/** A status without a text shows its colour. */
export function statusText(macro: Macro): string {
  const text = parameter(macro, "title", "status");
  const colour = parameter(macro, "colour", "color") || "grey";
  return text || colour.charAt(0).toUpperCase() + colour.slice(1).toLowerCase();
}
