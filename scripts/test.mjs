/**
 * Runs the checks and tests, one runner after the other, and ends with one line that sums them all.
 *
 * node scripts/test.mjs check | all | real
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const output = join(root, 'tests/.output');
const venv = join(root, process.env.VENV ?? '.venv', 'bin');
mkdirSync(output, { recursive: true });

// WebGPU on the processor: Chromium brings a driver along, which Node's tests use too.
const driver = createRequire(import.meta.url)('../tests/parity/software-driver.cjs');

const total = { passed: 0, failed: 0, skipped: 0 };
const lines = [];

/** Runs one command; `count` reads what it counted from its report, a command without one counts as one test. */
function stage(name, command, args, count, environment = {}) {
  console.log(`\n=== ${name}`);
  const started = Date.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment }
  });
  const isFine = !error && status === 0;
  const counted = { passed: 0, failed: 0, skipped: 0, ...(count?.() ?? { [isFine ? 'passed' : 'failed']: 1 }) };
  if (!isFine && counted.failed === 0) {
    counted.failed = 1; // it failed outside a test: a crash, or nothing to run
  }
  for (const key of Object.keys(total)) {
    total[key] += counted[key];
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  const skipped = counted.skipped ? `, ${counted.skipped} skipped` : '';
  lines.push(`${name}: ${counted.passed} passed, ${counted.failed} failed${skipped} (${seconds} s)`);
}

const tool = name => join(root, 'node_modules', name);
const node = (name, script, args) => stage(name, process.execPath, [tool(script), ...args]);

function jest(name, args, config = 'jest.config.mjs', environment = {}) {
  const report = join(output, `${name.replace(/\W+/g, '-')}.json`);
  rmSync(report, { force: true });
  const options = ['-c', config, '--ci', '--silent', '--json', `--outputFile=${report}`, ...args];
  const count = () => {
    if (!existsSync(report)) {
      return { failed: 1 };
    }
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const broken = testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length;
    return { passed: numPassedTests, failed: numFailedTests + broken, skipped: numPendingTests };
  };
  stage(name, process.execPath, [tool('jest/bin/jest.js'), ...options], count, environment);
}

function pytest(name, args) {
  const report = join(output, 'pytest.xml');
  rmSync(report, { force: true });
  stage(name, join(venv, 'python'), ['-m', 'pytest', '-q', `--junitxml=${report}`, ...args], () => {
    if (!existsSync(report)) {
      return { failed: 1 };
    }
    const read = key =>
      Number(new RegExp(`<testsuite[^>]* ${key}="(\\d+)"`).exec(readFileSync(report, 'utf8'))?.[1] ?? 0);
    const failed = read('failures') + read('errors');
    return { passed: read('tests') - failed - read('skipped'), failed, skipped: read('skipped') };
  });
}

function check() {
  node('format', 'prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']);
  node('lint', 'eslint/bin/eslint.js', ['.']);
  stage('lint of Python', join(venv, 'ruff'), ['check', 'jupyterlab_loupe', 'scripts', 'tests/server']);
  node('types', 'typescript/bin/tsc', ['-b']);
  jest('layers', ['tests/layers.test.ts']);
}

const what = process.argv[2] ?? 'all';
if (what === 'check') {
  check();
} else if (what === 'all') {
  check();
  jest(
    'unit',
    ['--testPathIgnorePatterns', '/tests/(ui|notebooks|real|parity)/', 'tests/layers.test.ts', '/node_modules/'],
    'jest.config.mjs',
    driver
  );
  jest('parity', ['tests/parity'], 'jest.config.mjs', driver);
  pytest('server', ['tests/server', 'tests/server_kernel']);
  jest('browser', [], 'tests/ui/jest.config.mjs');
  jest('notebooks', [], 'tests/notebooks/jest.config.mjs');
} else if (what === 'real') {
  jest('real models', ['--testPathIgnorePatterns', '/node_modules/', '--testPathPatterns', 'tests/real']);
  jest('notebooks', [], 'tests/notebooks/jest.config.mjs');
} else {
  console.error(`Cannot run "${what}" as it must be check, all or real`);
  process.exit(2);
}

console.log(`\n${lines.join('\n')}`);
const skipped = total.skipped ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exit(total.failed === 0 ? 0 : 1);
