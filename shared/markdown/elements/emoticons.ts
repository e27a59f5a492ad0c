import { attribute, hasClass, type MarkupElement } from "#shared/markdown/parse/markup-tree.ts";

/** Confluence's own emoticons (`ac:name`, and the names of their rendered images) in Unicode. */
const BY_NAME = new Map<string, string>(
  Object.entries({
    smile: "🙂",
    sad: "🙁",
    cheeky: "😛",
    tongue: "😛",
    laugh: "😀",
    biggrin: "😀",
    wink: "😉",
    "thumbs-up": "👍",
    "thumbs-down": "👎",
    information: "ℹ️",
    tick: "✅",
    check: "✅",
    cross: "❌",
    error: "❌",
    warning: "⚠️",
    plus: "➕",
    add: "➕",
    minus: "➖",
    forbidden: "⛔",
    question: "❓",
    help: "❓",
    "help-16": "❓",
    help_16: "❓",
    "light-on": "💡",
    lightbulb_on: "💡",
    "light-off": "💡",
    lightbulb: "💡",
    "yellow-star": "⭐",
    star_yellow: "⭐",
    "red-star": "⭐",
    star_red: "⭐",
    "green-star": "⭐",
    star_green: "⭐",
    "blue-star": "⭐",
    star_blue: "⭐",
    heart: "❤️",
    "broken-heart": "💔",
    broken_heart: "💔",
  }),
);

/** Atlassian's emoji without a code point. */
const BY_ATLASSIAN_ID = new Map<string, string>(
  Object.entries({
    "atlassian-check_mark": "✅",
    "atlassian-cross_mark": "❌",
    "atlassian-warning": "⚠️",
    "atlassian-info": "ℹ️",
    "atlassian-plus": "➕",
    "atlassian-minus": "➖",
    "atlassian-question_mark": "❓",
    "atlassian-light_bulb_on": "💡",
    "atlassian-light_bulb_off": "💡",
    "atlassian-yellow_star": "⭐",
    "atlassian-red_star": "⭐",
    "atlassian-green_star": "⭐",
    "atlassian-blue_star": "⭐",
    "atlassian-blue_star_small": "⭐",
    "atlassian-heart": "❤️",
  }),
);

/** An `ac:emoticon` as Unicode; its short name (`:party_parrot:`) where it has no code point. */
export function emoticon(element: MarkupElement): string {
  const fallback = attribute(element, "ac:emoji-fallback");
  if (fallback && !fallback.startsWith(":")) return fallback;
  const id = attribute(element, "ac:emoji-id").toLowerCase();
  const shortName = attribute(element, "ac:emoji-shortname") || fallback;
  const name = attribute(element, "ac:name");
  return (
    BY_ATLASSIAN_ID.get(id) ??
    fromCodePoints(id) ??
    knownByName(name, shortName) ??
    keycap(name) ??
    (shortName || (name && `:${name}:`))
  );
}

/** Confluence names every emoji without an old emoticon `blue-star`: then only the short name identifies it. */
function knownByName(name: string, shortName: string): string | undefined {
  const isStandIn = name === "blue-star" && shortName !== "" && !/^:?blue[-_]star:?$/.test(shortName);
  return isStandIn ? undefined : BY_NAME.get(name);
}

/** The emoticon that an image (rendered, or pasted into storage) represents; null if it is a picture. */
export function emoticonOfImage(element: MarkupElement): string | null {
  const isRendered = element.name === "img";
  if (isRendered ? !hasClass(element, "emoticon") : !attribute(element, "ac:class").includes("emoticon")) {
    return null;
  }
  const fallback = attribute(element, "data-emoji-fallback") || attribute(element, "alt");
  if (/\p{Extended_Pictographic}/u.test(fallback)) return fallback;
  const id = attribute(element, "data-emoji-id").toLowerCase();
  const source = attribute(element, isRendered ? "src" : "ac:title");
  const classes = attribute(element, isRendered ? "class" : "ac:class");
  const name =
    attribute(element, "data-emoticon-name") ||
    /emoticon-([\w-]+)/.exec(classes)?.[1] ||
    /(?<![\w-])([\w-]+)\.(?:png|gif|svg)/.exec(source)?.[1] ||
    "";
  const shortName = attribute(element, "data-emoji-short-name") || attribute(element, "data-emoji-shortname");
  const known = BY_ATLASSIAN_ID.get(id) ?? fromCodePoints(id) ?? knownByName(name, shortName);
  return known ?? (shortName || attribute(element, "alt") || `:${name}:`);
}

/** `1f642`, `31-20e3` or `2139-fe0f` as text; null if it is not a list of code points of an emoji. */
function fromCodePoints(id: string): string | null {
  if (!/^[0-9a-f]{2,6}(-[0-9a-f]{2,6})*$/.test(id)) return null;
  const points = id.split("-").map((hex) => Number.parseInt(hex, 16));
  if (points.some((point) => point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) || point < 0x20)) {
    return null;
  }
  const text = String.fromCodePoint(...points);
  return /\p{Emoji}/u.test(text) ? text : null;
}

/** `keycap: 1` as its emoji. */
function keycap(name: string): string | null {
  const key = /^keycap:? ?([0-9*#])$/.exec(name)?.[1];
  return key === undefined ? null : `${key}\ufe0f\u20e3`;
}
