/** The default model against Python. Head scores over five seeds, and WASM, only where LOUPE_REAL is set (make test-real). */
import { readGolden } from './golden';
import { goldenSuite } from './suite';

const real = Boolean(process.env['LOUPE_REAL']);

goldenSuite('SmolLM2-135M-Instruct', readGolden('smollm2'), 'cpu', real);
if (real) {
  goldenSuite('SmolLM2-135M-Instruct', readGolden('smollm2'), 'wasm', false);
}
