import { PageConfig } from '@jupyterlab/coreutils';

/** Whether this page is a JupyterLite site, which has no server. */
export function isLite(): boolean {
  return PageConfig.getOption('appName').startsWith('JupyterLite');
}

/** Whether in-browser kernels are hosted by someone else: JupyterLite itself, or jupyterlab-hybrid-kernels. */
export function hasForeignHost(): boolean {
  const installed = JSON.parse(PageConfig.getOption('federated_extensions') || '[]') as { name: string }[];
  return isLite() || installed.some(({ name }) => name === 'jupyterlab-hybrid-kernels');
}
