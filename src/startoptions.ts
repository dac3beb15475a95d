import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import type { StartOptions } from '../kernel/protocol/messages';
import { isLite } from './environment';
import { staticUrl } from './kernelspec';
import { settingsJson } from './settings';

/** Base URL of model files, ending in '/': the server extension's, or the folder of that name in a static site. */
export function modelsUrl(): string {
  const configured = PageConfig.getOption('loupeModelsUrl');
  const path = configured || URLExt.join(PageConfig.getBaseUrl(), 'loupe/models/');
  return new URL(path, document.baseURI).href;
}

/**
 * What a kernel's worker is told when it starts.
 *
 * @param location Folder of the notebook as the session reports it, possibly with a drive (`RTC:folder`).
 */
export async function startOptions(location: string): Promise<StartOptions> {
  return {
    modelsUrl: modelsUrl(),
    assetsUrl: staticUrl('kernel/'),
    notebookPath: location.slice(location.indexOf(':') + 1).replace(/^\/+/, ''),
    headers: isLite() ? {} : serverHeaders(),
    ...(navigator.locks ? { lifeLock: `loupe-kernel-${UUID.uuid4()}` } : {}),
    settings: await settingsJson()
  };
}

/** What a request needs so that the server takes it for the user's. */
function serverHeaders(): { [name: string]: string } {
  const { token } = ServerConnection.makeSettings();
  const xsrf = /(?:^|;\s*)_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  return {
    ...(token ? { Authorization: `token ${token}` } : {}),
    ...(xsrf ? { 'X-XSRFToken': xsrf } : {})
  };
}
