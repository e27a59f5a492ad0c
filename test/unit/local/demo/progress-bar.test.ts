import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { makeProgressBar, progressLine, type Progress } from "#infra/local/demo/progress-bar.ts";

const now = new Date("2026-01-01T00:00:00Z");
const half: Progress = {
  label: "Sync",
  percent: 50,
  pages: 30,
  pagesTotal: 60,
  chunks: 150,
  eta: "2026-01-01T00:00:11.2Z",
};

function capture(isTTY: boolean) {
  let text = "";
  const stream = new Writable({
    write(part: Buffer, _encoding, done) {
      text += part.toString();
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }), text: () => text };
}

describe("the progress line", () => {
  it("the progress line shows percent, pages, chunks and time left", () => {
    expect(progressLine(half, now)).toBe(
      "Sync ████████████░░░░░░░░░░░░  50 % · 30/60 pages · 150 chunks · 12 s left",
    );
  });

  it("the progress line leaves out the time while it is unknown, and never shows a negative one", () => {
    expect(progressLine({ ...half, eta: null }, now)).not.toContain("left");
    expect(progressLine({ ...half, eta: "2025-12-31T23:00:00Z" }, now)).toContain(" 0 s left");
  });
});

describe("the progress bar", () => {
  it("the progress bar overwrites one line on a terminal", () => {
    const { stream, text } = capture(true);
    const bar = makeProgressBar(stream, () => now);
    bar.show(half);
    bar.show({ ...half, percent: 51 });
    bar.end();
    expect(text().match(/\r/g)).toHaveLength(2);
    expect(text().match(/\n/g)).toHaveLength(1);
  });

  it("the progress bar writes a plain line for each tenth elsewhere, without control characters", () => {
    const { stream, text } = capture(false);
    const bar = makeProgressBar(stream, () => now);
    for (const percent of [0, 4, 9, 10, 12, 35, 100, 100]) bar.show({ ...half, percent });
    bar.end();
    expect(text().trimEnd().split("\n")).toHaveLength(4);
    // oxlint-disable-next-line no-control-regex -- looks for them
    expect(text()).not.toMatch(/[\u001b\r]/);
  });
});
