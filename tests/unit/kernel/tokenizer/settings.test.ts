import { addedToken } from '../../../../kernel/tokenizer/added-vocabulary';
import { NO_LENGTH_LIMIT, readChatTemplate, readSettings } from '../../../../kernel/tokenizer/settings';

describe('readSettings()', () => {
  it("takes the class's tokens where the configuration is silent, none where it says null", () => {
    const defaults = { specialTokens: { bos_token: '<s>', eos_token: '</s>' }, paddingSide: 'left' } as const;
    const settings = readSettings({ bos_token: null }, 'X', defaults, new Map());
    expect([...settings.specialTokens.keys()]).toEqual(['eos_token']);
    expect([settings.paddingSide, settings.modelMaxLength]).toEqual(['left', NO_LENGTH_LIMIT]);
  });

  it('gives a token named by its text the flags it has elsewhere', () => {
    const mask = addedToken('<mask>', { lstrip: true, special: true });
    const settings = readSettings({ mask_token: '<mask>' }, 'X', {}, new Map([['<mask>', mask]]));
    expect(settings.specialTokens.get('mask_token')).toBe(mask);
  });

  it("keeps the model's own named tokens", () => {
    const settings = readSettings(
      { image_token: '<image>', extra_special_tokens: { audio_token: '<audio>' } },
      'X',
      {},
      new Map()
    );
    expect(Object.fromEntries(settings.modelSpecialTokens)).toEqual({ image_token: '<image>', audio_token: '<audio>' });
  });

  it('names what does not fit', () => {
    expect(() => readSettings({ padding_side: 'top' }, 'X', {}, new Map())).toThrow(/"top"/);
    expect(() => readSettings({ eos_token: 5 }, 'X', {}, new Map())).toThrow(/eos_token/);
  });
});

describe('readChatTemplate()', () => {
  it('reads text, lists and objects', () => {
    expect(readChatTemplate('a', 'x')).toBe('a');
    expect(readChatTemplate([{ name: 'rag', template: 'b' }], 'x')).toEqual(new Map([['rag', 'b']]));
    expect(readChatTemplate({ default: 'c' }, 'x')).toEqual(new Map([['default', 'c']]));
    expect(() => readChatTemplate([{ name: 'rag' }], 'x')).toThrow(/x\[0\].template/);
  });
});
