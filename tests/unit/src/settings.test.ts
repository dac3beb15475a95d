import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_SETTINGS, readSettings, setSettingRegistry } from '../../../src/settings';

describe('settings', () => {
  afterEach(() => setSettingRegistry(null));

  it('DEFAULT_SETTINGS are those of schema/kernel.json, name by name', () => {
    const schema = JSON.parse(readFileSync(join(__dirname, '../../../schema/kernel.json'), 'utf8')) as {
      properties: { [name: string]: { default: unknown } };
    };
    const defaults = Object.entries(schema.properties).map(([name, property]) => [name, property.default]);
    expect(Object.fromEntries(defaults)).toEqual(DEFAULT_SETTINGS);
  });

  it('readSettings() gives the defaults without a registry and with one that fails', async () => {
    expect(await readSettings()).toEqual(DEFAULT_SETTINGS);
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    setSettingRegistry({ load: async () => Promise.reject(new Error('no schema')) } as never);
    expect(await readSettings()).toEqual(DEFAULT_SETTINGS);
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });

  it('readSettings() gives what the user set', async () => {
    setSettingRegistry({ load: async () => ({ composite: { device: 'wasm' } }) } as never);
    expect(await readSettings()).toEqual({ ...DEFAULT_SETTINGS, device: 'wasm' });
  });
});
