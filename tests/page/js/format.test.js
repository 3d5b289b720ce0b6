import assert from "node:assert/strict";
import { test } from "node:test";

import { setName, trainingSentence } from "../../../static/js/results/about.js";
import {
  count,
  numberVerdict,
  percent,
  probability,
  rounded,
  significant,
  size,
  verdict,
} from "../../../static/js/format.js";

test("shares are percentages", () => {
  assert.equal(percent(0.9913), "99.1 %");
  assert.equal(percent(0.9971, 2), "99.71 %");
  assert.equal(percent(0.5, 0), "50 %");
  assert.equal(percent(1), "100.0 %");
});

test("a probability of the network is never 100 %", () => {
  assert.equal(probability(0.9913), "99.1 %");
  assert.equal(probability(0.99999), "99.9 %");
  assert.equal(probability(1), "99.9 %");
  assert.equal(probability(0), "0.0 %");
});

test("numbers are written for people", () => {
  assert.equal(count(33_900_000), "33.9 million");
  assert.equal(count(329_130), "329,130");
  assert.equal(size([28, 28, 24]), "28 × 28 × 24");
});

const top = [{ label: "7" }, { label: "1" }];

test("a verdict says how sure it is, and what else it could be", () => {
  const say = (confidence) => verdict({ label: "7", confidence, top });
  assert.equal(say(0.95), "A 7. I am 95.0 % sure.");
  assert.equal(say(0.9999), "A 7. I am more than 99.9 % sure.");
  assert.match(say(0.6), /Perhaps a 7, 60.0 %. Or else a 1/);
});

test("what is no digit is said to be none", () => {
  const said = verdict({ label: null, confidence: 0.6, top });
  assert.match(said, /not a digit/);
  assert.match(said, /7 comes nearest/);
});

test("other classes are called by their names", () => {
  const pets = [{ label: "cat" }, { label: "dog" }];
  const say = (label, confidence) => verdict({ label, confidence, top: pets }, false);
  assert.equal(say("cat", 0.95), "cat. I am 95.0 % sure.");
  assert.equal(say("cat", 0.6), "Perhaps cat, 60.0 %. Or else dog.");
  assert.equal(say(null, 0.6), "That is nothing that I know; cat comes nearest.");
});

test("a number's verdict counts the digits and the doubts", () => {
  const digits = [{ is_digit: true }, { is_digit: true }];
  const symbols = [{ text: "?" }, { text: "-" }];
  assert.equal(
    numberVerdict({ text: "2?-4", digits, symbols }),
    "2 digits: 2?-4. 1 of its characters I do not recognise.",
  );
  assert.equal(numberVerdict({ text: "5", digits: [{ is_digit: true }] }), "One digit: 5.");
  assert.equal(numberVerdict({ text: "1\n2", digits, symbols: [] }), "2 digits: 1, 2.");
  assert.equal(numberVerdict({ text: "", digits: [], symbols: [] }), "No digits found.");
  assert.equal(
    numberVerdict({ text: "1\n2", digits, symbols: [], grid: { rows: 2, columns: 3 } }),
    "2 digits in a grid of 2 × 3 cells.",
  );
});

test("the record of the training becomes words", () => {
  assert.equal(setName("mnist_test"), "MNIST test set");
  assert.equal(setName("test"), "Its own test set");
  assert.equal(setName("held_out_mnist"), "MNIST, held out");
  assert.equal(setName("held_out_printed"), "Printed");
  assert.equal(trainingSentence({ epochs: 1, optimizer: "AdamW" }), "1 epoch with AdamW");
  assert.equal(
    trainingSentence({ epochs: 9, kinds: { handwriting: 50_000, printed: 25_000 } }),
    "9 epochs on MNIST and 75,000 drawn pictures",
  );
  assert.equal(trainingSentence({}), "by this project’s own code");
});

test("a number has three significant digits", () => {
  const written = [0, 4.1, -0.04, 123.4, -1234, 9.996, 0.00012345, 0.000012345, -Infinity];
  assert.deepEqual(
    written.map((value) => significant(value)),
    ["0", "4.10", "−0.0400", "123", "−1230", "10.0", "0.000123", "1.23e−5", "−∞"],
  );
  assert.equal(significant(1.23456, 6), "1.23456");
  assert.equal(rounded(1.155), 1.16); // as by hand, whatever its nearest double is
  assert.equal(rounded(-0.0625, 2), -0.063);
});
