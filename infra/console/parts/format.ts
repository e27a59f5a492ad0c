const numbers = new Intl.NumberFormat("en");
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 12,345 */
export function count(value: number): string {
  return numbers.format(value);
}

/** "1 page", "12,345 pages" */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Milliseconds as the two largest units: "3 d 4 h", "12 min", "8 s", "0.4 s". */
export function duration(ms: number): string {
  if (ms < 10 * SECOND) return `${ms % SECOND === 0 ? ms / SECOND : (ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return joined(ms, [MINUTE, "min"], [SECOND, "s"]);
  if (ms < DAY) return joined(ms, [HOUR, "h"], [MINUTE, "min"]);
  return joined(ms, [DAY, "d"], [HOUR, "h"]);
}

type Unit = [ms: number, name: string];

function joined(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const first = Math.floor(ms / large);
  const second = Math.floor((ms % large) / small);
  return second === 0 || first >= 10
    ? `${first} ${largeName}`
    : `${first} ${largeName} ${second} ${smallName}`;
}

/** "12 min ago", "in 3 h", "just now". */
export function relative(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime();
  const size = Math.abs(ms);
  if (size < 5 * SECOND) return "just now";
  const text =
    size < MINUTE ? `${Math.floor(size / SECOND)} s` : duration(Math.floor(size / MINUTE) * MINUTE);
  return ms > 0 ? `${text} ago` : `in ${text}`;
}

const clockTimes = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const days = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });
const years = new Intl.DateTimeFormat("en-GB", { year: "numeric" });
const minutes = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "12:03:05", in the browser's time zone. */
export function clockTime(at: Date): string {
  return clockTimes.format(at);
}

/** "03 Mar 14:05"; with the year when it is another one. */
export function dateTime(at: Date, now: Date): string {
  const year = years.format(at);
  return `${days.format(at)}${year === years.format(now) ? "" : ` ${year}`} ${minutes.format(at)}`;
}

/** Of 10 cents and more in cents, below that as precise as it needs to be; "unknown" without a price. */
export function dollars(value: number | null): string {
  if (value === null) return "unknown";
  if (value === 0) return "$0";
  if (value < 0.0001) return "< $0.0001";
  return `$${value >= 0.1 ? value.toFixed(2) : value.toPrecision(2)}`;
}

/** "3.4 MB" */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1000).toFixed(1)} kB`;
  return `${(value / 1_000_000).toFixed(1)} MB`;
}

/** What a code says in words: `credentials_expired` → "credentials expired". */
export function words(code: string): string {
  return code.replaceAll("_", " ");
}

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A message of the service with its instants as times of the day, in the browser's time zone. */
export function withLocalTimes(text: string): string {
  return text.replaceAll(INSTANT, (instant) => clockTime(new Date(instant)));
}

/** Milliseconds between two runs: "every day", "every 15 min". */
export function every(ms: number): string {
  if (ms === DAY) return "every day";
  if (ms === HOUR) return "every hour";
  return `every ${duration(ms)}`;
}

/** An address that may be a link: http and https only, because it comes from Confluence; null otherwise. */
export function webAddress(url: string): string | null {
  const parsed = URL.parse(url);
  return parsed !== null && (parsed.protocol === "http:" || parsed.protocol === "https:")
    ? parsed.href
    : null;
}

/** The host of an address, for people; the address itself when it is none. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}

/** A message of the service as a sentence; an address at its beginning stays as it is. */
export function sentence(text: string): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  return /^https?:/.test(ended) ? ended : ended.charAt(0).toUpperCase() + ended.slice(1);
}
