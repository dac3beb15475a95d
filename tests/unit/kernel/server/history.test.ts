import { History } from '../../../../kernel/server/history';

function filled(): History {
  const history = new History();
  ['a = 1', 'b', 'a = 1', 'f(x)'].forEach((code, i) => history.add(i + 1, code));
  history.setOutput(4, '42');
  return history;
}

const lines = (request: object): unknown =>
  filled()
    .answer(request as never)
    .history.map(entry => (entry as unknown[])[2]);

describe('History.answer()', () => {
  it('gives the tail', () => {
    expect(lines({ hist_access_type: 'tail', n: 2 })).toEqual(['a = 1', 'f(x)']);
    expect(lines({ hist_access_type: 'tail', n: 0 })).toEqual([]);
    expect(lines({ hist_access_type: 'tail' })).toHaveLength(4);
  });

  it('gives a range of this session, and nothing of others', () => {
    expect(lines({ hist_access_type: 'range', session: 0, start: 2, stop: 4 })).toEqual(['b', 'a = 1']);
    expect(lines({ hist_access_type: 'range', session: 3, start: 1, stop: 4 })).toEqual([]);
  });

  it('searches by wildcards, whose other characters mean themselves', () => {
    expect(lines({ hist_access_type: 'search', pattern: 'a*' })).toEqual(['a = 1', 'a = 1']);
    expect(lines({ hist_access_type: 'search', pattern: 'a*', unique: true })).toEqual(['a = 1']);
    expect(lines({ hist_access_type: 'search', pattern: 'f(?)' })).toEqual(['f(x)']);
  });

  it('adds outputs where asked to', () => {
    expect(filled().answer({ hist_access_type: 'tail', n: 1, output: true }).history).toEqual([[0, 4, ['f(x)', '42']]]);
  });
});
