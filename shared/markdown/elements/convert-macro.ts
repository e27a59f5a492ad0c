import type { MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { alertKind, appendPanel } from "./boxes.ts";
import { markdown } from "./code-macros.ts";
import { appendBody, appendFootnote, appendPeople, appendTitled, panelContent } from "./macro-content.ts";
import { isMarkdownName } from "./html-macros.ts";
import type { MacroRule } from "./macro-rule.ts";
import { knownRule } from "./macro-rules.ts";
import { type Macro, parameter, readMacro } from "./macro.ts";
import { appendTextParameters, bareName, isTitleName, textParameters } from "./unknown-macro-parameters.ts";

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
  return knownRule(name) ?? (/foot-?note|endnote/.test(name) ? { convert: appendFootnote } : UNKNOWN);
}
