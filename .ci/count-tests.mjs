// Prints "PASSED FAILED" from a vitest JSON report, and adds a paragraph about each failure to a file.
// Skipped and todo tests count as failed, and so does a file that did not load.
import { appendFileSync, readFileSync } from "node:fs";

const [path, exitStatus, failuresPath] = process.argv.slice(2);
const { passed, problems } = count(path);
for (const problem of problems) appendFileSync(failuresPath, `   ${problem}\n`);
// A run may fail although each test passed: an error outside any test, for one.
const failed = problems.length === 0 && exitStatus !== "0" ? 1 : problems.length;
process.stdout.write(`${passed} ${failed}\n`);

function count(file) {
  let report;
  try {
    report = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return { passed: 0, problems: [`no report of the test run: ${error.message}`] };
  }
  const problems = [];
  let passed = 0;
  for (const { name, status, assertionResults } of report.testResults) {
    for (const test of assertionResults) {
      if (test.status === "passed") passed += 1;
      else problems.push(`${test.status}: ${test.fullName} (${name})${firstLines(test.failureMessages)}`);
    }
    const loaded = assertionResults.length > 0;
    if (!loaded || (status === "failed" && assertionResults.every((test) => test.status === "passed"))) {
      problems.push(`failed: ${name}`);
    }
  }
  return { passed, problems };
}

/** Enough of an assertion to know what differs, without the diff of a large object. */
function firstLines(messages = []) {
  return messages
    .map((message) => `\n     ${message.split("\n").slice(0, 6).join("\n     ").slice(0, 1000)}`)
    .join("");
}
