/** The default model against Python. Head scores over five seeds only where LOUPE_REAL is set (make test-real). */
import { readGolden } from './golden';
import { goldenSuite } from './suite';

goldenSuite('SmolLM2-135M-Instruct', readGolden('smollm2'), Boolean(process.env['LOUPE_REAL']));
