import { LabIcon } from '@jupyterlab/ui-components';

/** The logo, for the settings editor and panels; style/logo.svg is the same drawing for the launcher. */
export const loupeIcon = new LabIcon({
  name: 'jupyterlab-loupe:logo',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="16">' +
    '<g class="jp-icon3" fill="#616161">' +
    '<path d="M12 12h9v9h-9zM12 23h9v9h-9zM23 23h9v9h-9zM12 34h9v9h-9zM23 34h9v9h-9zM34 34h9v9h-9z"/>' +
    '<path fill-rule="evenodd" d="M32 12a19 19 0 1 0 11.6 34l10 10 4.2-4.2-10-10A19 19 0 0 0 32 12zm0 6a13 13 0 1 1 ' +
    '0 26 13 13 0 0 1 0-26z"/>' +
    '</g></svg>'
});
