/** Browser tests: one at a time, each with a JupyterLab of its own. */
import base from '../../jest.config.mjs';

export default {
  ...base,
  rootDir: '../..',
  testPathIgnorePatterns: ['/node_modules/'],
  testEnvironment: 'node',
  testRegex: 'tests/ui/.*\\.test\\.ts$',
  testTimeout: 60000,
  maxWorkers: 1
};
