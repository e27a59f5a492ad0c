import { codeLanguage } from "./code-language.ts";
import {
  appendBody,
  attachmentLink,
  bodyText,
  decodedPlantUml,
  linkTo,
  plainBodyText,
} from "./macro-content.ts";
import { BODY_ONLY, FILES, FROM_ELSEWHERE, LANGUAGES, NO_CONTENT, TITLED_BOXES } from "./macro-names.ts";
import { type Macro, parameter, readMacro } from "./macro.ts";
import { descendant, type MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import { appendPanel, type PanelKind } from "./panels.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";

type Convert = (macro: Macro, target: PlainElement, build: PlainTreeBuilder) => void;

/** What becomes of a macro, by its name in lower case. */
type MacroRule = {
  convert: Convert;
  /** What it shows comes from elsewhere, so the storage is not enough: the rendered body must be fetched. */
  rendered?: boolean | ((macro: Macro) => boolean);
};

const panel = (kind: PanelKind | null): MacroRule => ({
  convert: (macro, target, build) =>
    appendPanel(
      kind,
      parameter(macro, "title"),
      macro.richBody?.children ?? plainBodyText(macro),
      target,
      build,
    ),
});

const code: MacroRule = {
  convert: (macro, target, build) => {
    build.titleParagraph(parameter(macro, "title"), target);
    const language = codeLanguage(parameter(macro, "language") || parameter(macro, ""));
    build.codeBlock(bodyText(macro), language, target);
  },
};

/** Code of one language, or a title and a link to the attachment that holds it. */
const diagram = (language: string): MacroRule => ({
  convert: (macro, target, build) => {
    const source = bodyText(macro) || parameter(macro, "code") || parameter(macro, "data-src");
    if (source.trim() !== "") build.codeBlock(source, language, target);
    else attachmentLink(macro, target, build);
  },
});

const maths: MacroRule = {
  convert: (macro, target, build) => {
    const formula = bodyText(macro) || parameter(macro, "body") || parameter(macro, "");
    if (formula.trim() === "") return;
    if (/inline/.test(macro.name)) build.span("CODE", [formula.trim()], target);
    else build.codeBlock(formula, "latex", target);
  },
};

const body: MacroRule = { convert: appendBody };
/** A box with a title, which is one of the named parameters. */
const box = (...titles: string[]): MacroRule => ({
  convert: (macro, target, build) => {
    const title = titles.map((name) => parameter(macro, name)).find((text) => text !== "");
    build.titleParagraph(title ?? "", target);
    appendBody(macro, target, build, true);
  },
});
/** A lozenge: apart from the words around it, as its box is. */
const shownText = (name: string): MacroRule => ({
  convert: (macro, target, build) => build.apart(target, () => build.text(parameter(macro, name), target)),
});
const dropped: MacroRule = { convert: appendBody };
const fromElsewhere: MacroRule = { convert: appendBody, rendered: true };
const link = (...names: string[]): MacroRule => ({
  convert: (macro, target, build) => {
    for (const name of names) {
      const element = macro.parameters.get(name);
      if (element) return linkTo(element, target, build);
    }
  },
});
const attachment: MacroRule = { convert: attachmentLink };

/** A button: what is written on it, and where it leads. */
const button: MacroRule = {
  convert: (macro, target, build) => {
    const title = parameter(macro, "title") || parameter(macro, "label");
    const address = parameter(macro, "url") || parameter(macro, "link");
    const href = /^(https?:|\/)/.test(address) ? build.resolver.absoluteUrl(address) : null;
    if (title !== "") build.apart(target, () => build.link(href, [title], target));
    appendBody(macro, target, build);
  },
};

const jira: MacroRule = {
  convert: (macro, target, build) => {
    const key = parameter(macro, "key") || /^[A-Z][A-Z0-9_]+-\d+$/.exec(parameter(macro, ""))?.[0] || "";
    if (key === "") return;
    const site = parameter(macro, "baseurl") || parameter(macro, "url");
    const href = /^https?:/.test(site) ? `${site.replace(/\/+$/, "")}/browse/${key}` : null;
    build.apart(target, () => build.link(href, [key], target));
  },
  rendered: true,
};

const includePage: MacroRule = {
  convert: (macro, target, build) => {
    const page = macro.parameters.get("") ?? macro.parameters.get("page");
    if (page && descendant(page, (element) => element.name === "ri:page")) {
      linkTo(page, target, build);
    }
    appendBody(macro, target, build);
  },
  rendered: true,
};

const rules: Record<string, MacroRule> = {
  code,
  "paste-code-macro": code,
  "code-block": code,
  noformat: {
    convert: (macro, target, build) => {
      build.titleParagraph(parameter(macro, "title"), target);
      build.codeBlock(bodyText(macro), "", target);
    },
  },
  info: panel("NOTE"),
  note: panel("IMPORTANT"),
  tip: panel("TIP"),
  warning: panel("WARNING"),
  panel: panel(null),
  alert: {
    convert: (macro, target, build) => {
      const kind = ALERT_KINDS[parameter(macro, "type").toLowerCase()] ?? "NOTE";
      appendPanel(
        kind,
        parameter(macro, "title"),
        macro.richBody?.children ?? plainBodyText(macro),
        target,
        build,
      );
    },
  },
  expand: box("title", ""),
  "ui-button": button,
  button,
  "button-hyperlink": button,
  "aui-button": button,
  style: diagram("css"),
  "ui-tabs": box(),
  "ui-steps": box(),
  card: box("label", "title"),
  status: shownText("title"),
  "status-handy": shownText("status"),
  date: shownText("date"),
  jira,
  jiraissues: jira,
  include: includePage,
  "excerpt-include": includePage,
  widget: link("url"),
  iframe: link("src", "url"),
  "html-include": { ...link("url"), rendered: true },
  redirect: link("location", "url", ""),
  plantuml: diagram("plantuml"),
  plantumlcloud: {
    convert: (macro, target, build) => {
      const source = decodedPlantUml(macro);
      if (source) build.codeBlock(source, "plantuml", target);
      else diagram("plantuml").convert(macro, target, build);
    },
  },
  plantumlrender: diagram("plantuml"),
  mermaid: diagram("mermaid"),
  "mermaid-cloud": diagram("mermaid"),
  "mermaid-macro": diagram("mermaid"),
  graphviz: diagram("dot"),
  markdown: {
    convert: (macro, target, build) => build.codeBlock(bodyText(macro), "markdown", target),
  },
  html: {
    convert: (macro, target, build) => build.codeBlock(bodyText(macro), "html", target),
  },
  mathinline: maths,
  mathblock: maths,
  mathdisplay: maths,
  "latex-inline": maths,
  latex: maths,
  "eazy-math-inline": maths,
  "easy-math-inline": maths,
  "easy-math-block": maths,
  "eazy-math-block": maths,
};

const ALERT_KINDS: Record<string, PanelKind> = {
  info: "NOTE",
  information: "NOTE",
  success: "TIP",
  tip: "TIP",
  note: "IMPORTANT",
  warning: "WARNING",
  error: "CAUTION",
  danger: "CAUTION",
};

const KINDS: readonly (readonly [readonly string[], MacroRule])[] = [
  [FROM_ELSEWHERE, fromElsewhere],
  [NO_CONTENT, dropped],
  [BODY_ONLY, body],
  [LANGUAGES, body],
  [TITLED_BOXES, box("title")],
  [FILES, attachment],
];
for (const [names, rule] of KINDS) for (const name of names) rules[name] ??= rule;

const RULES: ReadonlyMap<string, MacroRule> = new Map(Object.entries(rules));
/** A macro that nobody told us about keeps its body, never its parameters; without a body it must be seen rendered. */
const UNKNOWN: MacroRule = { convert: appendBody, rendered: (macro) => !macro.richBody && !macro.plainBody };

/** Names, in lower case, of the macros that have a rule of their own. */
export const KNOWN_MACROS: readonly string[] = [...RULES.keys()];

/** Converts a macro of the storage format by the rule of its name. */
export function convertMacro(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const macro = readMacro(element);
  (RULES.get(macro.name) ?? UNKNOWN).convert(macro, target, build);
}

/** Whether what the macro shows is missing from the storage. */
export function needsRenderedBody(element: MarkupElement): boolean {
  const macro = readMacro(element);
  const { rendered = false } = RULES.get(macro.name) ?? UNKNOWN;
  return typeof rendered === "function" ? rendered(macro) : rendered;
}
