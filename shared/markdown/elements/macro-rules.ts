import { descendant, type MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { type AlertKind, alertKind, appendPanel } from "./boxes.ts";
import {
  appendBody,
  appendFootnote,
  appendPeople,
  appendTitled,
  attachmentLink,
  linkTo,
  panelContent,
} from "./macro-content.ts";
import * as names from "./macro-names.ts";
import { type Macro, parameter, readMacro } from "./macro.ts";
import { appendTextParameters, bareName, isTitleName, textParameters } from "./unknown-macro-parameters.ts";
import { code, diagram, isMarkdownName, markdown, maths, noFormat } from "./verbatim-macros.ts";

type Convert = (macro: Macro, target: PlainElement, build: PlainTreeBuilder) => void;

/** The conversion rule of a macro, by its name in lower case. */
type MacroRule = {
  convert: Convert;
  /** Its content comes from elsewhere, so the storage is not enough: the rendered body must be fetched. */
  rendered?: boolean | ((macro: Macro) => boolean);
};

const panel = (kind: AlertKind | null): MacroRule => ({
  convert: (macro, target, build) =>
    appendPanel({ kind, title: parameter(macro, "title"), content: panelContent(macro) }, target, build),
});
/** A box whose title is the first of the named parameters that it has. */
const box = (...titles: string[]): MacroRule => ({
  convert: (macro, target, build) => appendTitled(parameter(macro, ...titles), macro, target, build),
});
/** Text in a lozenge, separated from the words around it. */
const lozenge = (read: (macro: Macro) => string): MacroRule => ({
  convert: (macro, target, build) => build.apart(target, () => build.text(read(macro), target)),
});
const body: MacroRule = { convert: appendBody };
const fromElsewhere: MacroRule = { convert: appendBody, rendered: true };
const link = (...parameters: string[]): MacroRule => ({
  convert: (macro, target, build) => {
    for (const name of parameters) {
      const element = macro.parameters.get(name);
      if (element) return linkTo(element, target, build);
    }
  },
});

/** A button: its label and its target. */
const button: MacroRule = {
  convert: (macro, target, build) => {
    const title = parameter(macro, "title", "label");
    const address = parameter(macro, "url", "link");
    const href = /^(https?:|\/)/.test(address) ? build.resolver.absoluteUrl(address) : null;
    if (title !== "") build.apart(target, () => build.link(href, [title], target));
    appendBody(macro, target, build);
  },
};

const jira: MacroRule = {
  convert: (macro, target, build) => {
    const key = parameter(macro, "key") || /^[A-Z][A-Z0-9_]+-\d+$/.exec(parameter(macro, ""))?.[0] || "";
    if (key === "") return;
    const site = parameter(macro, "baseurl", "url");
    const href = /^https?:/.test(site) ? `${site.replace(/\/+$/, "")}/browse/${key}` : null;
    build.apart(target, () => build.link(href, [key], target));
  },
  rendered: true,
};

const includePage: MacroRule = {
  convert: (macro, target, build) => {
    const page = macro.parameters.get("") ?? macro.parameters.get("page");
    if (page && descendant(page, (element) => element.name === "ri:page")) linkTo(page, target, build);
    appendBody(macro, target, build);
  },
  rendered: true,
};

/** A status without a text shows its colour. */
function statusText(macro: Macro): string {
  const text = parameter(macro, "title", "status");
  const colour = parameter(macro, "colour", "color") || "grey";
  return text || colour.charAt(0).toUpperCase() + colour.slice(1).toLowerCase();
}

const RULES = new Map<string, MacroRule>();
const define = (list: readonly string[], rule: MacroRule): void => {
  for (const name of list) RULES.set(name, rule);
};
define(names.FROM_ELSEWHERE, fromElsewhere);
define(names.NO_CONTENT, body);
define(names.BODY_ONLY, body);
define(names.LANGUAGES, body);
define(names.TITLED_BOXES, box("title", "label"));
define(names.FILES, { convert: attachmentLink });
define(names.CODE, { convert: code });
define(names.MATHS, { convert: maths });
define(names.MERMAID, { convert: diagram("mermaid") });
define(names.PLANTUML, { convert: diagram("plantuml") });
define(names.BUTTONS, button);
define(names.PEOPLE, { convert: appendPeople });
define(names.FOOTNOTES, { convert: appendFootnote });
define(["noformat"], { convert: noFormat });
define(["graphviz"], { convert: diagram("dot") });
define(["style"], { convert: diagram("css") });
define(["markdown"], { convert: markdown });
define(["html"], body);
define(["info"], panel("NOTE"));
define(["note"], panel("IMPORTANT"));
define(["tip"], panel("TIP"));
define(["warning"], panel("WARNING"));
define(["panel"], panel(null));
define(["alert"], {
  convert: (macro, target, build) => {
    const kind = alertKind(parameter(macro, "type")) ?? "NOTE";
    appendPanel({ kind, title: parameter(macro, "title"), content: panelContent(macro) }, target, build);
  },
});
define(["expand"], box("title", ""));
define(["ui-tabs", "ui-steps"], box());
define(["card"], box("label", "title"));
define(["status", "status-handy"], lozenge(statusText));
define(["date"], lozenge((macro) => parameter(macro, "date")));
define(["jira", "jiraissues"], jira);
define(["include", "excerpt-include"], includePage);
define(["widget"], link("url"));
define(["iframe"], link("src", "url"));
define(["html-include"], { ...link("url"), rendered: true });
define(["redirect"], link("location", "url", ""));

/** Names, in lower case, of the macros with their own rule. */
export const KNOWN_MACROS: readonly string[] = [...RULES.keys()];

/** Macros whose parameter `name` is shown above their body. */
const NAMES_ITS_BODY = /tab|step|accordion|slide|section|pane|card|item|toggle|collaps|expand|spoiler/;

/**
 * An unknown macro: its body below its title, as an alert if its type is that of one. Without a body it needs the rendered body;
 * if that shows nothing either, its text parameters (a source, a formula, a person) are kept.
 */
const UNKNOWN: MacroRule = {
  convert: (macro, target, build) => {
    if (!macro.richBody && !macro.plainBody) {
      appendPeople(macro, target, build);
      appendTextParameters(macro.name, textParameters(valuesOf(macro)), target, build);
      appendBody(macro, target, build);
      return;
    }
    if (macro.plainBody && isMarkdownName(macro.name)) return markdown(macro, target, build);
    const title = titleOf(macro);
    const kind = alertKind(parameter(macro, "type", "severity", "level")) ?? alertKind(macro.name);
    if (kind) appendPanel({ kind, title, content: panelContent(macro) }, target, build);
    else if (title !== "") appendTitled(title, macro, target, build);
    else appendBody(macro, target, build);
  },
  rendered: (macro) => !macro.richBody && !macro.plainBody,
};

/** The title of an unknown macro: parameters in order of how likely they are titles; no switches or numbers. */
function titleOf(macro: Macro): string {
  const names = [...macro.parameters.keys()];
  const titles = [
    ...names.filter((name) => /tit/.test(name) && isTitleName(name)),
    ...names.filter(isTitleName),
    ...names.filter((name) => /^(?:caption|question|subject|summary)$/.test(bareName(name))),
    ...(NAMES_ITS_BODY.test(macro.name) ? ["name", "tab", ""] : []),
  ];
  const found = titles.map((name) => parameter(macro, name));
  return found.find((title) => title !== "" && !/^(?:true|false|\d+)$/.test(title)) ?? "";
}

function valuesOf(macro: Macro): Map<string, string> {
  return new Map([...macro.parameters.keys()].map((name) => [name, parameter(macro, name)]));
}

/** Converts a macro of the storage format by the rule of its name. */
export function convertMacro(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const macro = readMacro(element);
  ruleOf(macro).convert(macro, target, build);
}

/** Whether what the macro shows is missing from the storage. */
export function needsRenderedBody(element: MarkupElement): boolean {
  const macro = readMacro(element);
  const { rendered = false } = ruleOf(macro);
  return typeof rendered === "function" ? rendered(macro) : rendered;
}

function ruleOf({ name }: Macro): MacroRule {
  return RULES.get(name) ?? (/foot-?note|endnote/.test(name) ? { convert: appendFootnote } : UNKNOWN);
}
