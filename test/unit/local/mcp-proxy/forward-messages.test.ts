import { expect, it } from "vitest";
import { messageSender } from "#infra/local/mcp-proxy/send-message.ts";
import { forwardMessages, type SendMessage } from "#infra/local/mcp-proxy/forward-messages.ts";

type Sent = { body: string; headers: Record<string, string> };

/** Forwards these messages, each once the one before was sent; `respond` plays the service. */
async function forward(
  messages: readonly (object | string)[],
  respond: (sent: Sent, signal: AbortSignal) => Response | Promise<Response>,
) {
  const sent: Sent[] = [];
  const written: object[] = [];
  const send: SendMessage = async (body, { headers, signal }) => {
    sent.push({ body, headers });
    return respond({ body, headers }, signal);
  };
  async function* lines() {
    for (const message of messages) {
      yield typeof message === "string" ? message : JSON.stringify(message);
      await Promise.resolve();
    }
  }
  await forwardMessages(lines(), { send, write: (message) => written.push(message) });
  return { sent, written };
}
const request = (id: number | string, method: string, params?: object) => ({
  jsonrpc: "2.0",
  id,
  method,
  ...(params ? { params } : {}),
});
const result = (sent: Sent, value: object = {}, status = 200) =>
  Response.json({ jsonrpc: "2.0", id: JSON.parse(sent.body).id, result: value }, { status });
const META = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };

it("each request gets its response, and a notification none", async () => {
  const { written } = await forward(
    [request(1, "ping"), { jsonrpc: "2.0", method: "notifications/initialized" }, request("b", "tools/list")],
    (sent) => (sent.body.includes("notifications/") ? new Response(null, { status: 202 }) : result(sent)),
  );
  expect(written).toEqual([
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: "b", result: {} },
  ]);
});

it("a message reaches the service as it was sent", async () => {
  const message = request(1, "tools/call", {
    name: "search_confluence",
    arguments: { query: 'ü \u2028 \\ "' },
  });
  const { sent } = await forward([message], (one) => result(one));
  expect(JSON.parse(sent[0]?.body ?? "")).toEqual(message);
});

it("after `initialize`, each message names the version that it agreed on", async () => {
  const { sent } = await forward([request(1, "initialize"), request(2, "tools/list")], (one) =>
    result(one, { protocolVersion: "2025-06-18" }),
  );
  expect(sent.map(({ headers }) => headers)).toEqual([{}, { "mcp-protocol-version": "2025-06-18" }]);
});

it.each([
  ["tools/call", { name: "search_confluence", _meta: META }, "search_confluence"],
  ["resources/read", { uri: "file:///ü", _meta: META }, "=?base64?ZmlsZTovLy/DvA==?="],
  ["tools/call", { name: "=?base64?", _meta: META }, "=?base64?PT9iYXNlNjQ/?="],
  ["tools/list", { _meta: META }, undefined],
])("a message that names its version itself says so in headers too: %s %j", async (method, params, name) => {
  const { sent } = await forward([request(1, method, params)], (one) => result(one));
  expect(sent[0]?.headers).toEqual({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(name === undefined ? {} : { "mcp-name": name }),
  });
});

it("an error of the protocol is passed on as it is, with the id of its request", async () => {
  const error = { code: -32_601, message: "Method not found" };
  const { written } = await forward([request(7, "nonsense")], () =>
    Response.json({ jsonrpc: "2.0", id: null, error }, { status: 404 }),
  );
  expect(written).toEqual([{ jsonrpc: "2.0", id: 7, error }]);
});

it.each([
  [
    401,
    { error: { message: "Credentials are missing or wrong" } },
    /^Credentials are missing or wrong\. Set .*API_KEY/,
  ],
  [403, { message: "Forbidden" }, /^Forbidden\. Check .*API_KEY/],
  [404, "<html>nginx</html>", /^The service responded with HTTP 404\. Check --url/],
  [302, "", /HTTP 302\. Check --url/],
  [500, { error: { message: "Something failed here" } }, /^Something failed here\. The service's log/],
  [503, { error: { message: "Busy" } }, /^Busy\. Try again later after 2 s\.$/],
  [200, "<html>Sign in</html>", /--url/],
])("a response %i %j becomes an error that says what to do", async (status, body, expected) => {
  const { written } = await forward([request(1, "ping")], () => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return new Response(text, { status, headers: status === 503 ? { "retry-after": "2" } : {} });
  });
  expect(written).toEqual([
    { jsonrpc: "2.0", id: 1, error: { code: -32_000, message: expect.stringMatching(expected) } },
  ]);
});

it("a service that cannot be reached fails each request, and not the connection", async () => {
  let calls = 0;
  const { written } = await forward([request(1, "ping"), request(2, "ping")], (sent) => {
    calls += 1;
    if (calls > 1) return result(sent);
    throw new TypeError("fetch failed", { cause: Object.assign(new Error(""), { code: "ECONNREFUSED" }) });
  });
  expect(written).toMatchObject([
    { id: 1, error: { message: expect.stringContaining("npm start") } },
    { id: 2, result: {} },
  ]);
});

it("a request that is cancelled is given up, without a response", async () => {
  let given = false;
  const { written, sent } = await forward(
    [
      request(1, "tools/call"),
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
      request(2, "ping"),
    ],
    (one, signal) => {
      if (one.body.includes("ping")) return result(one);
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          given = true;
          reject(new DOMException("", "AbortError"));
        });
      });
    },
  );
  expect(given).toBe(true);
  expect(written).toEqual([{ jsonrpc: "2.0", id: 2, result: {} }]);
  expect(sent).toHaveLength(2);
});

it("a line that is no message is an error of its own, and the next is forwarded", async () => {
  const { written } = await forward(["", "nonsense", "{}", request(1, "ping")], (sent) => result(sent));
  expect(written).toMatchObject([
    { id: null, error: { code: -32_700 } },
    { id: null, error: { code: -32_600 } },
    { id: 1, result: {} },
  ]);
});

it("a line that is JSON without a message in it is an invalid request", async () => {
  const lines = ["[]", "7", "null"];
  const { written, sent } = await forward(lines, (one) => result(one));
  expect(written).toMatchObject(lines.map(() => ({ id: null, error: { code: -32_600 } })));
  expect(sent).toEqual([]);
});

/** The service's response to a batch: in another order than asked. */
const results = ({ body }: Sent) =>
  Response.json(
    JSON.parse(body)
      .filter((message: object) => "id" in message)
      .map(({ id }: { id: number }) => ({ jsonrpc: "2.0", id, result: {} }))
      .toReversed(),
  );

it("a batch is sent as one, with the version agreed on, and its responses are one array", async () => {
  const batch = [
    request(2, "ping"),
    { jsonrpc: "2.0", method: "notifications/progress" },
    request(3, "ping"),
  ];
  const { written, sent } = await forward([request(1, "initialize"), batch], (one) =>
    one.body.startsWith("[") ? results(one) : result(one, { protocolVersion: "2025-03-26" }),
  );
  expect(written[1]).toEqual([
    { jsonrpc: "2.0", id: 2, result: {} },
    { jsonrpc: "2.0", id: 3, result: {} },
  ]);
  expect([JSON.parse(sent[1]?.body ?? ""), sent[1]?.headers]).toEqual([
    batch,
    { "mcp-protocol-version": "2025-03-26" },
  ]);
});

it("a batch of notifications gets no response", async () => {
  const note = { jsonrpc: "2.0", method: "notifications/initialized" };
  const { written, sent } = await forward([[note, note]], () => new Response(null, { status: 202 }));
  expect([written, sent.length]).toEqual([[], 1]);
});

it("what is no message in a batch is an error beside the other responses", async () => {
  const { written } = await forward([[request(1, "ping"), 7, { id: 2, method: "ping" }]], results);
  expect(written).toEqual([
    [
      { jsonrpc: "2.0", id: null, error: { code: -32_600, message: expect.any(String) } },
      { jsonrpc: "2.0", id: 2, error: { code: -32_600, message: expect.any(String) } },
      { jsonrpc: "2.0", id: 1, result: {} },
    ],
  ]);
});

it("a batch that the service refuses fails each of its requests", async () => {
  const error = { code: -32_600, message: "Revision 2025-06-18 of the protocol has no batches" };
  const { written } = await forward([[request(1, "ping"), request("b", "ping")]], () =>
    Response.json({ jsonrpc: "2.0", id: null, error }, { status: 400 }),
  );
  expect(written).toEqual([
    [
      { jsonrpc: "2.0", id: 1, error },
      { jsonrpc: "2.0", id: "b", error },
    ],
  ]);
});

it("a request by the name of the notification that cancels gets its response, and cancels nothing", async () => {
  const named = request(2, "notifications/cancelled", { requestId: 1 });
  const { written } = await forward([request(1, "ping"), named], (one) => result(one));
  expect(written).toEqual([
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: 2, result: {} },
  ]);
});

it("a request of a batch that is cancelled gets no response, and the others theirs", async () => {
  const { written } = await forward(
    [
      [request(1, "ping"), request(2, "ping")],
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
    ],
    async (one) => {
      // Until the line that cancels is read.
      await new Promise((resolve) => void setImmediate(resolve));
      return results(one);
    },
  );
  expect(written).toEqual([[{ jsonrpc: "2.0", id: 2, result: {} }]]);
});

it("a request that is none in its form is refused with its own id", async () => {
  const odd = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping", params: [] });
  const { written } = await forward([odd], (sent) => result(sent));
  expect(written).toMatchObject([{ id: 7, error: { code: -32_600 } }]);
});

it.each([
  [{ url: "http://:s3cret@127.0.0.1:3000" }, /no credentials/],
  [{ url: "s3cret" }, /is not the URL/],
])("an address that is none is refused without being repeated", (address, message) => {
  const make = () => messageSender({ apiKey: undefined, aws: false, ...address });
  expect(make).toThrow(message);
  expect(make).not.toThrow(/s3cret/);
});

it("a response is one line, however the service prints it", async () => {
  const { written } = await forward(
    [request(1, "ping")],
    () => new Response('{\n "jsonrpc": "2.0",\n "id": 1, "result": {}}'),
  );
  expect(written).toEqual([{ jsonrpc: "2.0", id: 1, result: {} }]);
});
