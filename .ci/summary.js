// Prints one plain line over all suites, from Jest's own report.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync('.build/test-results.json', 'utf8'));
// A suite that could not even start holds no failed test, and is a failure all the same.
const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
const skipped = report.numPendingTests + report.numTodoTests;
console.log(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped`);
