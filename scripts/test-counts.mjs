// Reads the test runner's JSON report and prints `N passed, N failed, N skipped`. Fails when a test
// failed, when one was skipped (on the machine that checks, every test must run), or when none ran.
import { readFileSync } from 'node:fs';

const { passed, failed, skipped } = counts(readFileSync(process.argv[2], 'utf8'));
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
if (passed === 0 || failed > 0 || skipped > 0) process.exitCode = 1;

function counts(text) {
  // Empty: the runner ended before it could report.
  if (text === '') return { passed: 0, failed: 0, skipped: 0 };
  const report = JSON.parse(text);
  // A file that cannot be loaded has no tests to count, and is a failure nevertheless.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
