import type { KernelSpec } from '@jupyterlab/services';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';

/** The name notebooks carry in their metadata. */
export const KERNEL_NAME = 'loupe';

/** The labextension's name: its folder under the labextensions URL. */
export const PACKAGE_NAME = 'jupyterlab-loupe';

/** URL of a file of this extension's `static/` folder; the same in JupyterLab and in JupyterLite. */
export function staticUrl(path: string): string {
  const extensions = PageConfig.getOption('fullLabextensionsUrl');
  return new URL(URLExt.join(extensions, PACKAGE_NAME, 'static', path), document.baseURI).href;
}

/** The kernelspec shown in the launcher and the kernel picker. */
export function kernelSpec(): KernelSpec.ISpecModel {
  return {
    name: KERNEL_NAME,
    display_name: 'TypeScript (Loupe)',
    language: 'typescript',
    argv: [],
    env: {},
    interrupt_mode: 'message',
    metadata: {},
    resources: {
      'logo-svg': staticUrl('logo.svg'),
      'logo-32x32': staticUrl('logo-32x32.png'),
      'logo-64x64': staticUrl('logo-64x64.png')
    }
  };
}
