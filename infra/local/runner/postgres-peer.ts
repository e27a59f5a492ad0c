import { connect, type NetConnectOpts } from "node:net";

/** The first message of a client that requests TLS; every Postgres and every pooler replies with one letter. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const REPLY_WITHIN_MS = 10_000;
const QUOTED_LETTERS = 40;

/** The addresses of a postgres.js client. */
export type PostgresAddress = { host: readonly string[]; port: readonly number[]; path?: string | undefined };

/**
 * Resolves when Postgres listens on one of the client's addresses; otherwise rejects with what listens there. postgres.js would
 * wait forever for an HTTP server, and reconnect endlessly without a pause to a peer that closes.
 */
export async function requirePostgres({ host, port, path }: PostgresAddress): Promise<void> {
  const addresses = path
    ? [{ path }]
    : host.map((name, index) => ({ host: name, port: port[index] ?? 5432 }));
  const faults: unknown[] = [];
  for (const address of addresses) {
    try {
      return await askForTls(address);
    } catch (error) {
      faults.push(error);
    }
  }
  throw faults.at(-1);
}

async function askForTls(address: NetConnectOpts): Promise<void> {
  const socket = connect(address);
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (fault: string) => reject(new Error(fault));
      socket.setTimeout(REPLY_WITHIN_MS, () => fail(`no reply within ${REPLY_WITHIN_MS / 1000} s`));
      socket.once("connect", () => socket.write(SSL_REQUEST));
      socket.once("data", (reply) => {
        if (isPostgres(reply)) resolve();
        else fail(`the server there is not Postgres: it replied ${JSON.stringify(quoted(reply))}`);
      });
      socket.once("error", reject);
      socket.once("close", () => fail("the server there is not Postgres: it closed the connection"));
    });
  } finally {
    socket.destroy();
  }
}

/** One letter for yes or no, or an error message of a server that accepts no connections now. SSH's banner starts with the same letter. */
function isPostgres(reply: Buffer): boolean {
  const [letter = ""] = reply.toString("latin1");
  return letter === "E" || (reply.length === 1 && "SN".includes(letter));
}

function quoted(reply: Buffer): string {
  return (reply.toString("latin1").split(/[\r\n]/)[0] ?? "").slice(0, QUOTED_LETTERS);
}
