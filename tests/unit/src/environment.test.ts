import { PageConfig } from '@jupyterlab/coreutils';
import { hasForeignHost, isLite } from '../../../src/environment';

describe('environment', () => {
  afterEach(() => {
    PageConfig.setOption('appName', '');
    PageConfig.setOption('federated_extensions', '');
  });

  it('isLite() tells JupyterLite from JupyterLab', () => {
    PageConfig.setOption('appName', 'JupyterLab');
    expect(isLite()).toBe(false);
    PageConfig.setOption('appName', 'JupyterLite');
    expect(isLite()).toBe(true);
  });

  it('hasForeignHost() is true in JupyterLite and beside jupyterlab-hybrid-kernels, and else false', () => {
    PageConfig.setOption('appName', 'JupyterLab');
    expect(hasForeignHost()).toBe(false);
    PageConfig.setOption('federated_extensions', JSON.stringify([{ name: 'jupyterlab-loupe' }]));
    expect(hasForeignHost()).toBe(false);
    PageConfig.setOption(
      'federated_extensions',
      JSON.stringify([{ name: 'jupyterlab-loupe' }, { name: 'jupyterlab-hybrid-kernels' }])
    );
    expect(hasForeignHost()).toBe(true);
    PageConfig.setOption('federated_extensions', '');
    PageConfig.setOption('appName', 'JupyterLite');
    expect(hasForeignHost()).toBe(true);
  });
});
