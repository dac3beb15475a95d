import { DecodeStream } from '../../../../kernel/tokenizer/decode-stream';
import { readDecoder } from '../../../../kernel/tokenizer/decoders';

describe('DecodeStream', () => {
  it('keeps the space between words that decoders strip at the start of a text', () => {
    const names = ['▁Hello', '▁world', '<0xE2>', '<0x98>', '<0x83>', '!'];
    const decoder = readDecoder({
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 }
      ]
    })!;
    const stream = new DecodeStream(ids => decoder(ids.map(id => names[id]!)).join(''));
    expect([0, 1, 2, 3, 4, 5].map(id => stream.push(id))).toEqual(['Hello', ' world', '', '', '☃', '!']);
    expect(stream.end()).toBe('');
  });

  it('end() gives what never became a character', () => {
    const stream = new DecodeStream(ids => (ids.length ? '\ufffd'.repeat(ids.length) : ''));
    expect([stream.push(1), stream.push(2), stream.end(), stream.end()]).toEqual(['', '', '\ufffd\ufffd', '']);
  });
});
