import { eachElement } from "./read-xml.ts";
import { attributeOf, childrenOf } from "./xml-tree.ts";

/** Formats with a number of their own (ECMA-376 part 1, 18.8.30); those of dates differ by country, so only their kind counts. */
const BUILT_IN: Readonly<Record<number, string>> = {
  1: "0",
  2: "0.00",
  3: "#,##0",
  4: "#,##0.00",
  9: "0%",
  10: "0.00%",
  37: "#,##0",
  38: "#,##0",
  39: "#,##0.00",
  40: "#,##0.00",
  18: "h:mm",
  19: "h:mm:ss",
  20: "h:mm",
  21: "h:mm:ss",
  22: "yyyy-mm-dd h:mm",
  45: "[m]:ss",
  46: "[h]:mm:ss",
  47: "[m]:ss",
};
const isBuiltInDate = (id: number): boolean =>
  (id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);

const DAY_MS = 86_400_000;
const DAYS_TO_1904 = 1462;
/** Days from 1899-12-30, which is serial 0 in practice, to 1970-01-01. */
const DAYS_TO_1970 = 25_569;
/** The last day that Excel shows, 9999-12-31. */
const LAST_DAY = 2_958_465;
/** Excel believes that 1900 had a 29 February: serials before it are one day off. */
const FALSE_LEAP_DAY = 60;
const SIGNIFICANT_DIGITS = 15;

/** The number formats of a workbook by the style index of cells. */
export function numberFormats(stylesXml: Uint8Array): string[] {
  const written = new Map<number, string>();
  const formats: string[] = [];
  eachElement(stylesXml, {
    numFmt: (format) => {
      written.set(Number(attributeOf(format, "numFmtId")), attributeOf(format, "formatCode"));
    },
    cellXfs: (cells) => {
      for (const style of childrenOf(cells, "xf")) {
        const id = Number(attributeOf(style, "numFmtId"));
        formats.push(written.get(id) ?? (isBuiltInDate(id) ? "yyyy-mm-dd" : (BUILT_IN[id] ?? "General")));
      }
    },
  });
  return formats;
}

/** Excel's own limit. */
const LONGEST_FORMAT = 255;

/**
 * A number as a reader of the sheet sees it: dates as 2026-11-30, times as 14:05, percents, decimals and currency by the format;
 * no separators of thousands, because people search for the digits.
 */
export function formatNumber(value: number, format: string, from1904: boolean): string {
  if (format.length > LONGEST_FORMAT) return plainNumber(value);
  const section = format.split(";")[0] ?? "";
  const pattern = section.replaceAll(/"[^"]*"|\\.|_.|\*./g, "").replaceAll(/\[(?![hms]+\])[^\]]*\]/gi, "");
  if (/general/i.test(pattern)) return plainNumber(value);
  if (/[ymdhs]/i.test(pattern)) return formatDate(value + (from1904 ? DAYS_TO_1904 : 0), pattern);
  const decimals = Math.min(/\.([0#?]+)/.exec(pattern)?.[1]?.length ?? 0, SIGNIFICANT_DIGITS);
  if (pattern.includes("%")) return `${(value * 100).toFixed(decimals)}%`;
  if (!/[0#]/.test(pattern) || /e[+-]|\/|[0#],+(?:\.|$)/i.test(pattern)) return plainNumber(value);
  const digits = value.toFixed(decimals);
  const number = pattern.includes("0") ? digits : String(Number(digits));
  const currency = /[$€£¥]/.exec(section.replaceAll(/\[\$([^\]-]*)[^\]]*\]/g, "$1"));
  if (!currency) return number;
  return currency.index < section.search(/[0#]/)
    ? `${value < 0 ? "-" : ""}${currency[0]}${number.replace("-", "")}`
    : `${number} ${currency[0]}`;
}

function plainNumber(value: number): string {
  return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

function formatDate(serial: number, pattern: string): string {
  if (serial < 0 || serial > LAST_DAY + 1) return plainNumber(serial);
  const elapsed = /\[([hms])/i.test(pattern);
  const hasDate = !elapsed && /[yd]/i.test(pattern);
  const hasTime = elapsed || /[hs]/i.test(pattern);
  const days = serial < FALSE_LEAP_DAY ? serial + 1 : serial;
  // To the second, because a time is a fraction that no number holds exactly.
  const moment = new Date(Math.round((days - DAYS_TO_1970) * (DAY_MS / 1000)) * 1000).toISOString();
  const date =
    /[ymd]/i.test(pattern) && !/d/i.test(pattern) && !hasTime ? moment.slice(0, 7) : moment.slice(0, 10);
  if (!hasTime) return date;
  const seconds = Math.round(serial * (DAY_MS / 1000));
  const time = elapsed
    ? [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
        .map((part) => String(part).padStart(2, "0"))
        .join(":")
    : moment.slice(11, /s/i.test(pattern) ? 19 : 16);
  return hasDate ? `${date} ${time}` : time;
}
