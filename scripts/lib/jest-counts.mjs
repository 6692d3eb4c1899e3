// Prints "passed failed skipped" of a jest result file. Whatever made jest fail counts as at least one failure.
import { readFileSync } from 'node:fs';

const [file, status] = process.argv.slice(2);

const result = readResult();
const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
const skipped = result.numPendingTests + result.numTodoTests;
console.log(result.numPassedTests, Math.max(failed, status === '0' ? 0 : 1), skipped);

function readResult() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Jest ended before it could write: its own words are above, the status says the rest.
    return {
      numPassedTests: 0,
      numFailedTests: 0,
      numRuntimeErrorTestSuites: 0,
      numPendingTests: 0,
      numTodoTests: 0,
    };
  }
}
