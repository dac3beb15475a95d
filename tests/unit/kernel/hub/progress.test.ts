import type { ProgressEvent } from '../../../../kernel/host/host';
import { progressMeter } from '../../../../kernel/hub/progress';

describe('progressMeter()', () => {
  const now = jest.spyOn(Date, 'now');
  afterAll(() => now.mockRestore());

  it('reports at most ten times a second, and at once when told to', () => {
    const events: ProgressEvent[] = [];
    const meter = progressMeter(event => events.push(event), 'download', 'f', 1000, 100);
    for (let time = 1000; time < 1300; time += 10) {
      now.mockReturnValue(time);
      meter.add(10);
    }
    expect(events.map(event => event.loaded)).toEqual([110, 210, 310]);
    meter.report(true);
    expect(events.at(-1)).toEqual({ phase: 'download', name: 'f', loaded: 400, total: 1000 });
  });

  it('passes chunks on as they are', async () => {
    const events: number[] = [];
    now.mockReturnValue(5000);
    const meter = progressMeter(event => events.push(event.loaded), 'read', 'f', 3);
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1, 2);
      yield Uint8Array.of(3);
    }
    const seen: number[] = [];
    for await (const chunk of meter.passThrough()(chunks())) {
      seen.push(...chunk);
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(events).toEqual([2]);
  });

  it('does nothing without a callback', () => {
    expect(() => progressMeter(undefined, 'read', 'f', 1).report(true)).not.toThrow();
  });
});
