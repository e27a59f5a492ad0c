import { Socket } from "node:net";

/** The code of a startup message, protocol 3.0 (PostgreSQL documentation, "Message Formats"). */
const PROTOCOL = 196_608;
const EXECUTE = 0x45;
const QUERY = 0x51;

export type WireCounts = { statements: number; roundTrips: number };

/**
 * Counts what this process says to Postgres on connections that it opens from now on: statements (begin and commit too), and round
 * trips: how often it wrote again after it had received something.
 */
export function watchPostgresWire(): WireCounts {
  const counts = { statements: 0, roundTrips: 0 };
  // oxlint-disable-next-line typescript/unbound-method -- called with its socket below
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: never[]) {
    // Connecting puts the socket's own write back.
    const connected = Reflect.apply(connect, this, args);
    watch(this, counts);
    return connected;
  } as typeof connect;
  return counts;
}

function watch(socket: Socket, counts: WireCounts): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with its socket below
  const { write } = socket;
  let isPostgres: boolean | null = null;
  let waiting = false;
  const watched = (chunk: unknown, ...rest: unknown[]) => {
    if (isPostgres === null) {
      isPostgres = Buffer.isBuffer(chunk) && chunk.length > 8 && chunk.readInt32BE(4) === PROTOCOL;
      if (isPostgres) socket.on("data", () => (waiting = false));
    } else if (isPostgres && Buffer.isBuffer(chunk)) {
      if (!waiting) counts.roundTrips += 1;
      waiting = true;
      counts.statements += statementsIn(chunk);
    }
    return Reflect.apply(write, socket, [chunk, ...rest]);
  };
  socket.write = watched as typeof write;
}

/** postgres.js writes whole messages: a type, then the length of the rest. */
function statementsIn(chunk: Buffer): number {
  let statements = 0;
  for (let at = 0; at + 5 <= chunk.length; at += 1 + chunk.readInt32BE(at + 1)) {
    if (chunk[at] === EXECUTE || chunk[at] === QUERY) statements += 1;
  }
  return statements;
}
