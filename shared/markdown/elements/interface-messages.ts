import {
  beginningOf,
  child,
  hasClass,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";

/** Messages are recognized by this much of their text. */
export const MAX_MESSAGE = 200;

/** Confluence's placeholder for an app's macro that cannot be exported. */
const NO_EXPORT = /^\s*We (?:don['’]t|do not) have a way to export this macro\.?\s*$/;

/** Whether an element is only the message that an app's macro cannot be exported; a stored paragraph is the page's own text. */
export function saysNoExport({ name, children }: MarkupElement, isRendered: boolean): boolean {
  const [text] = children;
  if (children.length !== 1 || typeof text !== "string" || text.length > MAX_MESSAGE) return false;
  return (name === "div" || (isRendered && (name === "p" || name === "span"))) && NO_EXPORT.test(text);
}

/** Confluence's default titles of expands, in the languages of its interface. */
const EXPAND = new RegExp(
  `^\\s*(?:${[
    "Click here to expand",
    "(?:Klicken Sie )?hier(?: klicken)?,? um (?:den Inhalt |Inhalte )?zu (?:erweitern|öffnen)",
    "(?:Klicken Sie hier )?zum (?:Erweitern|Aufklappen)(?: hier klicken)?",
    "Cliquez ici pour (?:développer|dérouler|agrandir|afficher)",
    "Ha(?:ga|z) clic? aquí para (?:ampliar|expandir|desplegar)",
    "Clique aqui para (?:expandir|ampliar)",
    "(?:Fare clic|Fai clic|Clicca) qui per (?:espandere|aprire)",
    "Klik hier om (?:uit te (?:vouwen|klappen)|te vergroten)",
    "Klicka här för att (?:expandera|visa)",
    "Kli(?:k|kk) her for (?:at|å) (?:udvide|utvide)",
    "Kliknij tutaj, aby rozwinąć",
    "(?:Нажмите|Щ[её]лкните) здесь,? (?:чтобы|для) (?:развернуть|раскрыти[яе]|разв[её]ртывания)",
    "(?:ここをクリックして|クリックして)(?:展開|拡張)(?:します|する)?",
    "(?:单击|点击)(?:此处|这里)?(?:以|可)?展开",
    "(?:按一下|點擊)(?:此處|這裡)?(?:以|可)?展開",
    "(?:펼치려면|확장하려면) 여기를 클릭(?:하세요|하십시오)?",
  ].join("|")})\\s*(?:\\.{1,3}|…)?\\s*$`,
  "iu",
);

/** Whether the title of an expand is Confluence's default. */
export function saysExpand(title: MarkupElement): boolean {
  return EXPAND.test(messageOf(title));
}

/** Whether the summary of an issue says that it is still loading. */
export function saysLoading(summary: MarkupElement): boolean {
  return /^\s*Getting issue details/.test(beginningOf(summary, MAX_MESSAGE));
}

const MACRO = /mac?[ck]ro|макрос|マクロ|매크로|宏|巨集/iu;
const FAILED =
  /error|fehler|erreur|errore|erro\b|fout|fel\b|fejl|feil|błąd|ошибк|エラー|오류|错误|錯誤|unable to|could not|impossible|kann nicht|konnte nicht/iu;
/** The message names the failed macro, unlike prose about errors of macros. */
const QUOTED_NAME = /['"‘’“”„«「『][\w-]+['"‘’“”»」』]/u;
const MESSAGE_BOX = /(?:^|\s)(?:aui-message|confluence-information-macro)(?:\s|$)/;

/** Whether an element is the message of a macro that failed, in any language. */
export function saysMacroFailed(element: MarkupElement): boolean {
  if (!hasClass(element, "error")) {
    if (!MESSAGE_BOX.test(element.attributes.get("class") ?? "")) return false;
    const title = element.children.find((node) => typeof node !== "string" && hasClass(node, "title"));
    return title !== undefined && /^\s*Error (?:rendering|formatting) macro '/.test(textOf(title));
  }
  const text = beginningOf(element, MAX_MESSAGE);
  if (/^\s*Unknown macro:/.test(text)) return false;
  const inner = element.name === "div" ? child(element, "span") : undefined;
  if (inner && hasClass(inner, "error")) return true;
  return (
    /^\s*Unable to (?:render|locate)/i.test(text) ||
    (MACRO.test(text) && FAILED.test(text) && QUOTED_NAME.test(text))
  );
}

const UNKNOWN_MACRO = "Unknown macro:";

/** The name in `Unknown macro: {BUILD_ID}`; null if an element contains something else. */
export function unknownMacro(element: MarkupElement): string | null {
  const text = messageOf(element);
  if (!text.startsWith(UNKNOWN_MACRO)) return null;
  const quoted = text.slice(UNKNOWN_MACRO.length).trim();
  const name = quoted.replace(/^['{]/, "").replace(/['}]$/, "").trim();
  return /^[^'{}]+$/.test(name) ? name : null;
}

/** The text of an element without white space around it; empty if it is longer than a message. */
function messageOf(element: MarkupElement): string {
  const text = beginningOf(element, MAX_MESSAGE + 1).trim();
  return text.length > MAX_MESSAGE ? "" : text;
}
