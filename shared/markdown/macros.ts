import { codeLanguage } from "./code-language.ts";
import {
  appendBody,
  attachmentLink,
  bodyText,
  decodedPlantUml,
  linkTo,
  plainBodyText,
} from "./macro-content.ts";
import { type Macro, parameter, readMacro } from "./macro-parts.ts";
import { descendant, type MarkupElement } from "./markup-tree.ts";
import { appendPanel, type PanelKind } from "./panels.ts";
import type { PlainTreeBuilder } from "./plain-tree-builder.ts";
import type { PlainElement } from "./plain-tree.ts";

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
const titled: MacroRule = {
  convert: (macro, target, build) => {
    build.titleParagraph(parameter(macro, "title"), target);
    appendBody(macro, target, build);
  },
};
/** A lozenge: apart from the words around it, as its box is. */
const shownText = (name: string): MacroRule => ({
  convert: (macro, target, build) => build.text(` ${parameter(macro, name)} `, target),
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

const jira: MacroRule = {
  convert: (macro, target, build) => {
    const key = parameter(macro, "key") || /^[A-Z][A-Z0-9_]+-\d+$/.exec(parameter(macro, ""))?.[0] || "";
    if (key === "") return;
    const site = parameter(macro, "baseurl") || parameter(macro, "url");
    build.link(/^https?:/.test(site) ? `${site.replace(/\/+$/, "")}/browse/${key}` : null, [key], target);
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
  expand: {
    convert: (macro, target, build) => {
      build.titleParagraph(parameter(macro, "title") || parameter(macro, ""), target);
      appendBody(macro, target, build);
    },
  },
  "ui-expand": titled,
  "ui-step": titled,
  "ui-tab": titled,
  card: {
    convert: (macro, target, build) => {
      build.titleParagraph(parameter(macro, "label") || parameter(macro, "title"), target);
      appendBody(macro, target, build);
    },
  },
  status: shownText("title"),
  lozenge: titled,
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
  "view-file": attachment,
  viewfile: attachment,
  viewxls: attachment,
  viewdoc: attachment,
  viewppt: attachment,
  viewpdf: attachment,
  multimedia: attachment,
  drawio: attachment,
  "drawio-sketch": attachment,
  "inc-drawio": attachment,
  gliffy: attachment,
  balsamiq: attachment,
  lucidchart: attachment,
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
  "swagger-open-api": attachment,
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

/** Macros that show what other pages hold: rendered or nothing. */
const FROM_ELSEWHERE =
  "children pagetree contentbylabel detailssummary tasks-report-macro content-by-user blog-posts listlabels index attachments " +
  "space-attachments gallery excerpt-list page-properties-report contentbyuser status-list roadmap chart pivot-table " +
  "table-excerpt-include multiexcerpt-include multiexcerpt-include-macro space-details cite-summary";
/** Navigation and ornament: nothing of the page itself. Their bodies, if they have any, are kept. */
const NO_CONTENT =
  "anchor toc livesearch pagetreesearch create-from-template create-space-button recently-updated recently-used-labels " +
  "recently-updated-dashboard contributors contributors-summary change-history popular-labels related-labels favpages network " +
  "profile profile-picture navmap global-reports spaces spacejump gadget im search scroll-pagebreak scroll-exportbutton " +
  "scroll-bookmark scroll-indexterm scroll-pagetitle scroll-tablelayout";
/** Containers: their body is the page's. */
const BODY_ONLY =
  "excerpt details section column toc-zone div span center ui-steps ui-tabs show-if hide-if sv-translation scroll-ignore " +
  "scroll-only scroll-title scroll-landscape scroll-portrait";

for (const name of FROM_ELSEWHERE.split(" ")) rules[name] = fromElsewhere;
for (const name of NO_CONTENT.split(" ")) rules[name] = dropped;
for (const name of BODY_ONLY.split(" ")) rules[name] = body;

const RULES: ReadonlyMap<string, MacroRule> = new Map(Object.entries(rules));
/** A macro that nobody told us about keeps its body, never its parameters; without a body it must be seen rendered. */
const UNKNOWN: MacroRule = { convert: appendBody, rendered: (macro) => !macro.richBody && !macro.plainBody };

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
