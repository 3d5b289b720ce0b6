import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Client, batches } from "../../../static/js/service/client.js";

const json = (body, init) => new Response(JSON.stringify(body), init);

/** A client of a service that answers by script, what it was sent, and how long the client slept. */
function scripted(...answers) {
  const [sent, slept] = [[], []];
  const fetch = async (path, options = {}) => {
    sent.push({ path, ...options });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const sleep = async (ms) => slept.push(ms);
  return { client: new Client("http://host/", { fetch, sleep, key: "k" }), sent, slept };
}

test("each method asks its route, with options in the query", async () => {
  const answers = ["a", "b", "c", "d", "e"].map((name) => json({ name }));
  const { client, sent } = scripted(...answers);
  await client.predict(new Uint8Array([1, 2]), { top: 2 });
  await client.read(new Blob(["x"]));
  await client.explain(new ArrayBuffer(3), { maps: [0, 1], heatmap: true });
  await client.predict("aGk=");
  assert.deepEqual(await client.model(), { name: "e" });
  assert.deepEqual(
    sent.map(({ path }) => path),
    [
      "http://host/predict?top=2",
      "http://host/read",
      "http://host/explain?maps=0%2C1&heatmap=true",
      "http://host/predict",
      "http://host/model",
    ],
  );
  assert.deepEqual(new Uint8Array(await sent[0].body.arrayBuffer()), new Uint8Array([1, 2]));
  assert.equal(sent[3].body, '{"image":"aGk="}');
  assert.ok(sent.every(({ headers }) => headers.Authorization === "Bearer k"));
});

test("a busy service is asked again when it says, a refusal is not", async () => {
  const busy = (seconds) => json({}, { status: 503, headers: { "Retry-After": seconds } });
  const { client, slept } = scripted(
    busy("3"),
    busy("2"),
    new TypeError("gone"),
    json({ digit: 5 }),
  );
  assert.deepEqual(await client.predict("eA=="), { digit: 5 });
  assert.deepEqual(slept, [3000, 2000, 2000]);
  const refused = scripted(json({ code: "blank_image" }, { status: 422 }));
  await assert.rejects(refused.client.read("eA=="), { code: "blank_image" });
  const slow = scripted(busy("3600"));
  await assert.rejects(slow.client.read("eA=="), { status: 503 });
  assert.deepEqual([refused.slept, slow.slept], [[], []]);
});

test("many pictures go in as many requests as it takes", async () => {
  const answer = (...digits) => json({ predictions: digits.map((digit) => ({ digit })) });
  const { client, sent } = scripted(answer(1, 2), answer(3));
  const readings = await client.predictMany([new Blob(["a"]), "Yg==", new Blob(["c"])], {
    batch: 2,
    top: 1,
  });
  assert.deepEqual(
    readings.map(({ digit }) => digit),
    [1, 2, 3],
  );
  assert.deepEqual(JSON.parse(sent[0].body), { images: ["YQ==", "Yg=="], top: 1 });
});

test("batches are bounded by number and by size", () => {
  assert.deepEqual(batches(["a", "b", "c"], 2), [["a", "b"], ["c"]]);
  assert.deepEqual(batches(["aaaa", "bbbb", "c"], 9, 5), [["aaaa"], ["bbbb", "c"]]);
  assert.deepEqual(
    batches(["a".repeat(9), "b"], 9, 5).map((some) => some.length),
    [1, 1],
  );
  assert.deepEqual(batches([], 9), []);
  assert.throws(() => batches(["a"], 0), RangeError);
});

test("it is one module that imports nothing", () => {
  const url = new URL("../../../static/js/service/client.js", import.meta.url);
  assert.doesNotMatch(readFileSync(url, "utf8"), /^import /m);
});
