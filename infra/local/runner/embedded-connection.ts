import { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { PGlite } from "@electric-sql/pglite";

/** The type of the message that ends a session; PostgreSQL's documentation, "Message Formats". */
const TERMINATE = "X".charCodeAt(0);
/** Of each message but the first: its type, then the length of the rest, which counts itself. */
const HEADER_BYTES = 5;

export type EmbeddedConnections = {
  /**
   * A connection for postgres.js's option `socket`: a stream that speaks the protocol of a server. While another one is open it fails, because
   * PGlite has one session.
   */
  open: () => Duplex;
  /** Ends the one that is open. */
  close: () => Promise<void>;
};

/**
 * Connections to a PGlite of this process, through memory: no other user of the machine can connect to the database, as to one that
 * listens on a port, and a statement's messages are handled together.
 */
export function embeddedConnections(db: PGlite): EmbeddedConnections {
  let opened: { stream: Duplex; ended: Promise<void> } | null = null;
  return {
    open: () => {
      if (opened) return refusedConnection();
      const ended = Promise.withResolvers<void>();
      const stream = openConnection(db, () => {
        opened = null;
        ended.resolve();
      });
      opened = { stream, ended: ended.promise };
      return stream;
    },
    close: async () => {
      opened?.stream.destroy();
      await opened?.ended;
    },
  };
}

/** At its first message, as a server does: postgres.js never recovers from an `open` that throws. */
function refusedConnection(): Duplex {
  const refusal = new Error("The embedded database has one session: connect with `maxConnections: 1`");
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done(refusal) });
}

function openConnection(db: PGlite, onEnd: () => void): Duplex {
  let isStarted = false;
  let received = Buffer.alloc(0);
  let handled: Promise<void> = Promise.resolve();

  const handle = async (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    while (true) {
      const end = isStarted ? endOfMessages(received) : endOfStartup(received);
      if (end === 0) return;
      const messages = received.subarray(0, end);
      received = received.subarray(end);
      isStarted = true;
      stream.push(await respond(db, messages));
    }
  };
  const stream = new Duplex({
    read: () => {},
    writev: (chunks, done) => {
      handled = handle(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
      handled.then(() => done(), done);
    },
    final: (done) => {
      done();
      stream.destroy();
    },
    destroy: (error, done) => {
      void handled
        .catch(() => {})
        .then(() => endSession(db))
        .then(
          () => done(error),
          (fault: Error) => done(error ?? fault),
        )
        .finally(onEnd);
    },
  });
  // postgres.js asks for what a socket has.
  return Object.defineProperty(stream, "readyState", { get: () => (stream.destroyed ? "closed" : "open") });
}

async function respond(db: PGlite, messages: Buffer): Promise<Buffer> {
  // Timers and requests of this process have their turn between two statements, as they have with a server.
  await nextTurn();
  const responses: Buffer[] = [];
  await db.runExclusive(() =>
    db.execProtocolRawStream(messages, { onRawData: (data) => responses.push(Buffer.from(data)) }),
  );
  return Buffer.concat(responses);
}

/** What a server does with a session whose client is gone; PGlite's is the next client's too. */
async function endSession(db: PGlite): Promise<void> {
  if (db.isInTransaction()) await db.exec("rollback");
  await db.exec("deallocate all");
}

/** A startup message has no type; PGlite takes it by itself. */
function endOfStartup(bytes: Buffer): number {
  const end = bytes.length < 4 ? Infinity : bytes.readInt32BE(0);
  return end <= bytes.length ? end : 0;
}

/** The bytes of all messages that are complete and come before the end of the session. */
function endOfMessages(bytes: Buffer): number {
  let end = 0;
  while (end + HEADER_BYTES <= bytes.length && bytes[end] !== TERMINATE) {
    const next = end + 1 + bytes.readInt32BE(end + 1);
    if (next > bytes.length) break;
    end = next;
  }
  return end;
}
