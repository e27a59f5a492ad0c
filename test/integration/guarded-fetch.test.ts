import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterEach, expect, it, vi } from "vitest";
import { discardResponse } from "#shared/confluence/response-body.ts";
import { guardedFetch, type FetchedResponse } from "#shared/confluence/guarded-fetch.ts";

/** Fetching over real sockets. */
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(closing.splice(0).map((close) => close()));
});

const get = (signal = AbortSignal.timeout(5000)) =>
  ({ method: "GET", headers: {}, redirect: "manual", signal }) as const;
const bodyOf = (answer: FetchedResponse) => (answer.body === null ? "" : text(answer.body));

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A server that counts its connections. */
async function serve(
  answer: RequestListener,
): Promise<{ port: number; url: string; connections: () => number }> {
  const server = createServer(answer);
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const port = await listen(server);
  closing.push(async () => server.closeAllConnections());
  return { port, url: `http://127.0.0.1:${port}/`, connections: () => connections };
}

it.each([
  "127.0.0.1",
  "127.1",
  "2130706433",
  "0x7f.1",
  "0x7f000001",
  "0177.0.0.1",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "0.0.0.0",
  "localhost",
])("guarded fetch does not connect to %s where loopback is not allowed", async (host) => {
  const { port, connections } = await serve((_request, response) => response.end("secret"));
  const fetch = guardedFetch({ allowLoopback: false });
  await expect(fetch(`http://${host}:${port}/`, get())).rejects.toMatchObject({ code: "address_refused" });
  expect(connections()).toBe(0);
});

it("guarded fetch connects to a name that resolves to loopback where that is allowed", async () => {
  const { port } = await serve((_request, response) => response.end("hello"));
  const answer = await guardedFetch({ allowLoopback: true })(`http://localhost:${port}/`, get());
  expect([answer.status, await bodyOf(answer)]).toEqual([200, "hello"]);
});

it("guarded fetch sends method, headers and body; response headers are found in any case", async () => {
  const { url } = await serve((request, response) => {
    response.setHeader("X-Seen", `${request.method} ${request.headers.authorization}`);
    request.pipe(response.writeHead(201));
  });
  const answer = await guardedFetch({ allowLoopback: true })(url, {
    ...get(),
    method: "POST",
    headers: { authorization: "Bearer t" },
    body: "größer",
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("x-SEEN")).toBe("POST Bearer t");
  expect(answer.headers.get("x-none")).toBeNull();
  expect(await bodyOf(answer)).toBe("größer");
});

it("guarded fetch returns a redirect as a response", async () => {
  const { url, connections } = await serve((_request, response) =>
    response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
  );
  const answer = await guardedFetch({ allowLoopback: true })(url, get());
  expect([answer.status, answer.headers.get("location")]).toEqual([302, "http://169.254.169.254/"]);
  expect(connections()).toBe(1);
});

it("guarded fetch returns a compressed response unchanged", async () => {
  const { url } = await serve((request, response) => {
    expect(request.headers["accept-encoding"]).toBe("gzip");
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(100_000)));
  });
  expect(await bodyOf(await guardedFetch({ allowLoopback: true })(url, get()))).toBe("x".repeat(100_000));
});

it.each(["gzip", "identity"])("a response (%s) that ends half-way fails its reader", async (encoding) => {
  const body = encoding === "gzip" ? gzipSync("x".repeat(100_000)) : Buffer.from("x".repeat(100_000));
  const { url } = await serve((_request, response) => {
    response.writeHead(200, { "content-encoding": encoding, "content-length": body.length });
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
  });
  const answer = await guardedFetch({ allowLoopback: true })(url, get());
  await expect(bodyOf(answer)).rejects.toThrow();
});

it("the signal ends a body that goes on forever", async () => {
  const { url } = await serve((_request, response) => void response.writeHead(200).write("begun"));
  const stop = new AbortController();
  const answer = await guardedFetch({ allowLoopback: true })(url, get(stop.signal));
  const read = bodyOf(answer);
  stop.abort();
  await expect(read).rejects.toThrow();
});

it("a connection carries several requests, rejected ones too, until a response is cut off", async () => {
  const { url, connections } = await serve((request, response) => {
    const size = Number(request.url?.slice(1));
    response.writeHead(404).end("x".repeat(size));
  });
  const fetch = guardedFetch({ allowLoopback: true });
  for (const size of [10, 1000, 10]) await discardResponse((await fetch(`${url}${size}`, get())).body);
  expect(connections()).toBe(1);
  await discardResponse((await fetch(`${url}10000000`, get())).body);
  await discardResponse((await fetch(`${url}10`, get())).body);
  expect(connections()).toBe(2);
});

it("guarded fetch gives up on a host that never finishes connecting", async () => {
  // Takes the connection and says nothing, so that TLS does not begin.
  const port = await listen(createTcpServer((socket) => closing.push(async () => socket.destroy())));
  const fetch = guardedFetch({ allowLoopback: true }, { connectTimeoutMs: 50 });
  await expect(fetch(`https://127.0.0.1:${port}/`, get())).rejects.toThrow(/No connection .* within 50 ms/);
});

it("guarded fetch waits for a response as long as its signal does: only connecting is limited, on a kept connection too", async () => {
  let respond = () => {};
  const { url, connections } = await serve((_request, response) => {
    respond = () => response.end("late");
    arrived();
  });
  let arrived = () => {};
  const fetch = guardedFetch({ allowLoopback: true }, { connectTimeoutMs: 1000 });
  // Only timers of this project: those of Node's own sockets go on.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  for (const request of ["first", "second"]) {
    const hasArrived = new Promise<void>((resolve) => (arrived = resolve));
    const sent = fetch(`${url}${request}`, get());
    await hasArrived;
    vi.advanceTimersByTime(60_000);
    respond();
    expect(await bodyOf(await sent)).toBe("late");
  }
  expect(connections()).toBe(1);
});

it("guarded fetch leaves no timer behind when a connection is refused", async () => {
  const port = await listen(createTcpServer());
  await closing.pop()?.();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await expect(
    guardedFetch({ allowLoopback: true })(`http://127.0.0.1:${port}/`, get()),
  ).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
});

it("guarded fetch joins a response header that comes several times", async () => {
  const { url } = await serve((_request, response) =>
    response.writeHead(200, { "set-cookie": ["a=1", "b=2"], "x-twice": ["c", "d"] }).end(),
  );
  const { headers } = await guardedFetch({ allowLoopback: true })(url, get());
  expect([headers.get("Set-Cookie"), headers.get("X-Twice")]).toEqual(["a=1, b=2", "c, d"]);
});
