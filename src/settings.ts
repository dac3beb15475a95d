import { type ISettingRegistry } from '@jupyterlab/settingregistry';
import type { Json } from '../kernel/protocol/messages';

/** User settings, as schema/kernel.json describes them; a test compares the two. */
export interface Settings {
  device: 'auto' | 'webgpu' | 'wasm';
  threads: number;
  typeChecking: 'off' | 'warn' | 'block';
  urlImports: boolean;
  downloads: boolean;
  hf_endpoint: string;
  cacheSize: number;
}

/** What holds when nothing is set or the settings cannot be read. */
export const DEFAULT_SETTINGS: Readonly<Settings> = {
  device: 'auto',
  threads: 0,
  typeChecking: 'warn',
  urlImports: false,
  downloads: true,
  hf_endpoint: '',
  cacheSize: 8
};

/** The plugin whose schema it is. */
export const SETTINGS_ID = 'jupyterlab-loupe:kernel';

let registry: ISettingRegistry | null = null;
let loaded: Promise<ISettingRegistry.ISettings> | null = null;

/** Says where settings come from, once the application has a registry. */
export function setSettingRegistry(value: ISettingRegistry | null): void {
  registry = value;
  loaded = null;
}

/** The current settings. A registry that fails gives the defaults: a kernel has to start all the same. */
export async function readSettings(): Promise<Settings> {
  if (!registry) {
    return { ...DEFAULT_SETTINGS };
  }
  try {
    loaded ??= registry.load(SETTINGS_ID);
    return { ...DEFAULT_SETTINGS, ...((await loaded).composite as Partial<Settings>) };
  } catch (error) {
    loaded = null;
    console.warn('Loupe: settings could not be read, using the defaults', error);
    return { ...DEFAULT_SETTINGS };
  }
}

/** Settings as the kernel gets them. */
export async function settingsJson(): Promise<{ [name: string]: Json }> {
  return { ...(await readSettings()) };
}
