/** Browser tests: one at a time, each with a JupyterLab of its own. */
import base from '../../jest.config.mjs';

const { testPathIgnorePatterns, ...rest } = base;

export default {
  ...rest,
  rootDir: '../..',
  testEnvironment: 'node',
  testRegex: 'tests/ui/.*\\.test\\.ts$',
  testTimeout: 60000,
  maxWorkers: 1
};
