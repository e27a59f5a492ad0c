import { codeLanguage } from "./code-language.ts";
import { attachmentLink, bodyText } from "./macro-content.ts";
import type { Convert } from "./macro-rule.ts";
import { type Macro, parameter } from "./macro.ts";
import { packedSource } from "./packed-source.ts";

/** A block of code below its title, in the language of a parameter. */
export const code: Convert = (macro, target, build) => {
  const language = codeLanguage(parameter(macro, "language", "lang", ""));
  build.titled(parameter(macro, "title"), target, (part) => build.codeBlock(bodyText(macro), language, part));
};

export const noFormat: Convert = (macro, target, build) => {
  build.titled(parameter(macro, "title"), target, (part) => build.codeBlock(bodyText(macro), "", part));
};

/** The source of a diagram as code of one language, or a link to its attachment. */
export const diagram =
  (language: string): Convert =>
  (macro, target, build) => {
    const source =
      bodyText(macro) ||
      parameter(macro, "code", "source", "data-src") ||
      packedSource(parameter(macro, "data"), parameter(macro, "compressed") === "true");
    build.titled(parameter(macro, "title"), target, (part) => {
      if (source.trim() !== "") build.codeBlock(source, language, part);
      else attachmentLink(macro, part, build);
    });
  };

export const inlineFormula: Convert = (macro, target, build) => {
  const source = formulaOf(macro).trim();
  if (source !== "") build.span("CODE", [source], target);
};

export const formula: Convert = (macro, target, build) => {
  const source = formulaOf(macro);
  if (source.trim() !== "") build.codeBlock(source, "latex", target);
};

function formulaOf(macro: Macro): string {
  return bodyText(macro) || parameter(macro, "body", "latex", "");
}

/** Markdown that is part of the page unchanged. */
export const markdown: Convert = (macro, target, build) => build.markdown(bodyText(macro), target);
