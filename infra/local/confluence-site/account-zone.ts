const DAY_MS = 86_400_000;

/**
 * The instant at which clocks in a zone show a wall time (given as the milliseconds that UTC has then). Of two, when clocks go
 * back, the later one, as java.util.Calendar takes it; of none, when they go forward, the one an hour on.
 */
export function instantOf(wall: number, timeZone: string): number {
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((instant) => wallTimeOf(instant, timeZone) - instant);
  const readings = offsets
    .map((offset) => wall - offset)
    .filter((instant) => wallTimeOf(instant, timeZone) === wall);
  return readings.length > 0 ? Math.max(...readings) : wall - Math.min(...offsets);
}

function wallTimeOf(instant: number, timeZone: string): number {
  const text = formatOf(timeZone).format(instant);
  return Date.parse(`${text.replace(" ", "T")}Z`) + (((instant % 1000) + 1000) % 1000);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format takes far longer than using it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  formats.set(timeZone, format);
  return format;
}
