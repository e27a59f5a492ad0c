import { readFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

export type TlsDatabase = {
  /** The URL for clients; `localhost`, because certificates have names. */
  url: string;
  /** Connections that spoke TLS and gave the password. */
  admitted: () => number;
  setPassword: (password: string) => void;
  /** Ends every connection, as a server that restarts does. */
  disconnect: () => void;
  close: () => Promise<void>;
};

/** PostgreSQL's frontend/backend protocol: the request for TLS, and its authentication messages. */
const SSL_REQUEST_CODE = 80_877_103;
const CLEARTEXT_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

/** A certificate of test/fixtures/tls as PEM. */
export function testCertificate(name: "localhost" | "other.example"): { cert: string; key: string } {
  const read = (kind: string) => readFileSync(`test/fixtures/tls/${name}.${kind}`, "utf8");
  return { cert: read("crt"), key: read("key") };
}

/** A Postgres behind TLS and a password: a client that passes both is connected to the server of `upstream`. */
export async function startTlsDatabase(
  upstream: string,
  certificate: { cert: string; key: string },
  password: string,
): Promise<TlsDatabase> {
  const target = new URL(upstream);
  const sockets = new Set<Socket>();
  let admitted = 0;
  let expected = password;

  const admit = async (tls: TLSSocket) => {
    const startup = await nextChunk(tls);
    tls.write(CLEARTEXT_PASSWORD);
    const answer = await nextChunk(tls);
    if (answer.subarray(5, -1).toString("utf8") !== expected) {
      tls.end(errorResponse("28P01", "password authentication failed"));
      return;
    }
    admitted += 1;
    const server = connectTcp(Number(target.port), target.hostname, () => server.write(startup));
    sockets.add(server);
    tls.pipe(server).pipe(tls);
    tls.on("close", () => server.destroy());
    server.on("error", () => tls.destroy());
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("data", (request) => {
      if (request.readUInt32BE(4) !== SSL_REQUEST_CODE) {
        socket.end(errorResponse("28000", "no encryption"));
        return;
      }
      socket.write("S");
      const tls = new TLSSocket(socket, { isServer: true, ...certificate });
      tls.on("error", () => tls.destroy());
      admit(tls).catch(() => tls.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  const disconnect = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `postgres://${target.username}@localhost:${address.port}${target.pathname}`,
    admitted: () => admitted,
    setPassword: (next) => {
      expected = next;
    },
    disconnect,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      disconnect();
      await closed;
    },
  };
}

async function nextChunk(socket: TLSSocket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once("data", resolve);
    socket.once("close", () => reject(new Error("The client left")));
  });
}

function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeUInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
