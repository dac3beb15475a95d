/** Notebooks in a real browser, one at a time. */
import base from '../ui/jest.config.mjs';

export default { ...base, testRegex: 'tests/notebooks/.*\\.test\\.ts$', testTimeout: 900_000 };
