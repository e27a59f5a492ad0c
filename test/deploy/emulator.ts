import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { eventually } from "#test/support/eventually.ts";

/** Pinned: what it supports decides what this test can see. */
const MOTO = "moto[server]==5.2.5";
const FOLDER = "dist/moto";

export type Emulator = { url: string; log: () => string; stop: () => void };

/** Installs moto into a virtual environment of its own; throws an error that says so where no Python registry is reached. */
export function installEmulator(): void {
  if (existsSync(`${FOLDER}/bin/moto_server`)) return;
  try {
    execFileSync("python3", ["-m", "venv", FOLDER], { stdio: ["ignore", "ignore", "pipe"] });
    execFileSync(`${FOLDER}/bin/pip`, ["install", "-q", "--disable-pip-version-check", MOTO], {
      stdio: ["ignore", "ignore", "pipe"],
    });
  } catch (error) {
    throw new Error(
      `${MOTO} could not be installed: this test needs Python 3 with venv, and a registry that pip reaches`,
      {
        cause: error,
      },
    );
  }
}

/** Starts moto's server on a free loopback port. */
export async function startEmulator(): Promise<Emulator> {
  const port = await freePort();
  const child = spawn(
    `${FOLDER}/bin/python`,
    ["test/deploy/emulator.py", "-H", "127.0.0.1", "-p", String(port)],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
    });
  }
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`The emulator ended:\n${log}`);
      await fetch(`${url}/moto-api/data.json`);
    },
    { withinMs: 30_000 },
  );
  return { url, log: () => log, stop: () => child.kill() };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No free port");
  return address.port;
}
