/** A real Qwen2.5 against Python, where LOUPE_REAL is set (make test-real) and the model is in a model folder. */
import { readGolden } from './golden';
import { goldenSuite } from './suite';

if (process.env['LOUPE_REAL']) {
  goldenSuite('Qwen2.5-Coder-0.5B-Instruct', readGolden('qwen25-coder-05b'), 'cpu', true);
} else {
  it.skip('Qwen2.5-Coder-0.5B-Instruct is compared by make test-real', () => undefined);
}
