import { formatNow } from '../../../../../kernel/tokenizer/text/strftime';

describe('formatNow()', () => {
  it('formats as Python does in the C locale', () => {
    const date = new Date(2026, 0, 5, 14, 7, 9);
    // datetime(2026, 1, 5, 14, 7, 9).strftime(…)
    expect(formatNow('%d %b %Y|%A %a %B %y|%H:%M:%S|%I %p|%e|%%|%Q', date)).toBe(
      '05 Jan 2026|Monday Mon January 26|14:07:09|02 PM| 5|%|%Q'
    );
  });
});
