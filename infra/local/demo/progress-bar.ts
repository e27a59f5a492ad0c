import type { Writable } from "node:stream";
import { styleText } from "node:util";

export type Progress = {
  label: string;
  percent: number;
  pages: number;
  pagesTotal: number;
  chunks: number;
  eta: string | null;
};

const WIDTH = 24;

/** `Sync  ████████░░░░  62 % · 38/61 pages · 154 chunks · 12 s left` */
export function progressLine(progress: Progress, now: Date): string {
  const full = Math.round((WIDTH * progress.percent) / 100);
  const parts = [
    `${progress.label} ${"█".repeat(full)}${"░".repeat(WIDTH - full)} ${String(progress.percent).padStart(3)} %`,
    `${progress.pages}/${progress.pagesTotal} pages`,
    `${progress.chunks} chunks`,
  ];
  if (progress.eta) parts.push(`${secondsLeft(progress.eta, now)} s left`);
  return parts.join(" · ");
}

function secondsLeft(eta: string, now: Date): number {
  return Math.max(0, Math.ceil((Date.parse(eta) - now.getTime()) / 1000));
}

/** On a terminal one line that is overwritten; elsewhere a line for each tenth. */
export function makeProgressBar(stream: Writable & { isTTY?: boolean }, now: () => Date) {
  let lastTenth = -1;
  return {
    show(progress: Progress): void {
      const line = progressLine(progress, now());
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${styleText("cyan", line, { stream })}`);
        return;
      }
      const tenth = Math.floor(progress.percent / 10);
      if (tenth > lastTenth) stream.write(`${line}\n`);
      lastTenth = Math.max(lastTenth, tenth);
    },
    end(): void {
      lastTenth = -1;
      if (stream.isTTY) stream.write("\n");
    },
  };
}
