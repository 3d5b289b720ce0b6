import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LatestRequest,
  ServiceError,
  get,
  parseRetryAfter,
  post,
  retryDelay,
} from "../../../static/js/service/client.js";

const json = (body, init) => new Response(JSON.stringify(body), init);

test("a Blob is sent as it is, an object as JSON", async () => {
  const sent = [];
  const fetch = async (path, options) => sent.push({ path, ...options }) && json({ ok: 1 });
  const picture = new Blob(["x"], { type: "image/png" });
  assert.deepEqual(await post("/predict", picture, { fetch }), { ok: 1 });
  await post("/explain", { layer: 2 }, { fetch });
  assert.equal(sent[0].body, picture);
  assert.equal(sent[0].headers["Content-Type"], "image/png");
  assert.equal(sent[1].body, '{"layer":2}');
  assert.equal(sent[1].headers["Content-Type"], "application/json");
});

test("a problem is told in the service's words, with its code and waiting time", async () => {
  const headers = { "Retry-After": "3" };
  const fetch = async () => json({ detail: "too many", code: "busy" }, { status: 503, headers });
  const error = await get("/model", { fetch }).catch((caught) => caught);
  assert.ok(error instanceof ServiceError);
  assert.deepEqual(
    [error.message, error.code, error.status, error.retryAfter],
    ["Too many.", "busy", 503, 3000],
  );
  assert.equal(error.temporary, true);
});

test("a problem without a body, and one that will not pass by waiting", async () => {
  const fetch = async () => new Response("<html>", { status: 422 });
  const error = await get("/", { fetch }).catch((caught) => caught);
  assert.deepEqual([error.status, error.code, error.temporary], [422, "http_error", false]);
});

test("a service that does not answer is a temporary problem", async () => {
  const fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  const error = await get("/", { fetch }).catch((caught) => caught);
  assert.deepEqual([error.name, error.status, error.temporary], ["ServiceError", 0, true]);
});

test("an answer that is cut off is a temporary problem", async () => {
  const error = await get("/", { fetch: async () => new Response('{"digit"') }).catch(
    (caught) => caught,
  );
  assert.equal(error.temporary, true);
});

test("Retry-After is seconds or a date", () => {
  assert.equal(parseRetryAfter(null), null);
  assert.equal(parseRetryAfter("7"), 7000);
  const now = Date.parse("Fri, 20 Nov 2026 10:00:00 GMT");
  assert.equal(parseRetryAfter("Fri, 20 Nov 2026 10:00:05 GMT", now), 5000);
  assert.equal(parseRetryAfter("Fri, 20 Nov 2026 09:00:00 GMT", now), 0);
  assert.equal(parseRetryAfter("soon"), null);
});

test("waiting grows, is bounded, and is never shorter than asked for", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 9].map((n) => retryDelay(n)),
    [500, 1000, 2000, 4000, 8000, 8000],
  );
  assert.equal(retryDelay(0, 20_000), 20_000);
});

/** A service whose answers come when the test says so. */
function slowService() {
  const asked = [];
  const send = (name) => (signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      asked.push({
        name,
        signal,
        answer: () => resolve(name),
        fail: () => reject(new Error(name)),
      });
    });
  return { asked, send };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("one request at a time; of those that wait only the newest is sent", async () => {
  const { asked, send } = slowService();
  const answers = [];
  const latest = new LatestRequest();
  for (const name of ["a", "b", "c"])
    latest.ask(send(name), (answer) => answers.push(answer), assert.fail);
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["a"],
  );
  asked[0].answer();
  await settled();
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["a", "c"],
  );
  asked[1].answer();
  await settled();
  assert.deepEqual(answers, ["a", "c"]);
  assert.equal(latest.busy, false);
});

test("nothing that was cancelled is delivered, and the request is aborted", async () => {
  const { asked, send } = slowService();
  const answers = [];
  const latest = new LatestRequest();
  latest.ask(send("old"), (answer) => answers.push(answer), assert.fail);
  latest.ask(send("older"), (answer) => answers.push(answer), assert.fail);
  latest.cancel();
  assert.equal(asked[0].signal.aborted, true);
  latest.ask(send("new"), (answer) => answers.push(answer), assert.fail);
  asked[0].answer();
  asked[1].answer();
  await settled();
  assert.deepEqual(answers, ["new"]);
});

test("an answer that ignores its abort and comes late is dropped", async () => {
  const answers = [];
  const latest = new LatestRequest();
  let release;
  latest.ask(
    () => new Promise((resolve) => (release = resolve)),
    (answer) => answers.push(answer),
    assert.fail,
  );
  latest.cancel();
  latest.ask(
    async () => "new",
    (answer) => answers.push(answer),
    assert.fail,
  );
  await settled();
  release("stale");
  await settled();
  assert.deepEqual(answers, ["new"]);
});

test("after a failure the newest goes on", async () => {
  const { asked, send } = slowService();
  const [answers, errors] = [[], []];
  const latest = new LatestRequest();
  const ask = (name) =>
    latest.ask(
      send(name),
      (answer) => answers.push(answer),
      (error) => errors.push(error.message),
    );
  ask("a");
  ask("b");
  asked[0].fail();
  await settled();
  asked[1].answer();
  await settled();
  assert.deepEqual([answers, errors], [["b"], ["a"]]);
});
