import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tokenTensor } from '../../../../kernel/generation/rows';
import { StopStringCriteria } from '../../../../kernel/generation/stop-strings';
import { loadTokenizer } from '../../../../kernel/tokenizer/load';
import type { PreTrainedTokenizer } from '../../../../kernel/tokenizer/tokenizer';

const fixtures = JSON.parse(readFileSync(join(__dirname, 'fixtures/stop-strings.json'), 'utf8')) as {
  tokenizers: Record<string, object>;
  cases: { tokenizer: string; stop_strings: string[]; rows: number[][]; stops: string }[];
};

describe('StopStringCriteria', () => {
  const tokenizers = new Map<string, PreTrainedTokenizer>();
  beforeAll(async () => {
    for (const [name, spec] of Object.entries(fixtures.tokenizers)) {
      tokenizers.set(name, await load(spec));
    }
  });

  it.each(fixtures.cases.map(test => [`${test.tokenizer} ${JSON.stringify(test.stop_strings)}`, test] as const))(
    'StopStringCriteria stops where transformers stops: %s',
    (_name, test) => {
      const criterion = new StopStringCriteria(tokenizers.get(test.tokenizer)!, test.stop_strings);
      const verdicts = test.rows.map(row => criterion.__call__(tokenTensor([row]))[0]);
      expect(verdicts.map(stop => (stop ? '1' : '0')).join('')).toBe(test.stops);
    }
  );

  it('StopStringCriteria judges each row of a batch by itself', () => {
    const test = fixtures.cases[0]!;
    const of = (verdict: string): number[] => test.rows[test.stops.indexOf(verdict)]!;
    const length = Math.max(of('1').length, of('0').length);
    const filler = 0;
    const rows = [of('1'), of('0')].map(row => [...new Array<number>(length - row.length).fill(filler), ...row]);
    const criterion = new StopStringCriteria(tokenizers.get(test.tokenizer)!, test.stop_strings);
    expect(criterion.__call__(tokenTensor(rows))).toEqual([true, false]);
  });

  it('StopStringCriteria throws on an empty stop string', () => {
    const tokenizer = tokenizers.get('byte_level')!;
    expect(() => new StopStringCriteria(tokenizer, '')).toThrow(
      'Cannot stop as stop_strings must be texts, none empty'
    );
  });
});

async function load(spec: object): Promise<PreTrainedTokenizer> {
  const bytes = new TextEncoder().encode(JSON.stringify(spec));
  return loadTokenizer({ read: async name => (name === 'tokenizer.json' ? bytes : undefined) });
}
