/** Bundles the harness page into one HTML file without external parts. */
import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');

// JupyterLab's own values of the variables the views use.
const THEMES = `
:root { --jp-ui-font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; --jp-code-font-family: Menlo, Consolas,
  'DejaVu Sans Mono', monospace; --jp-ui-font-size1: 13px; }
body[data-jp-theme-light='true'] { --jp-layout-color0: #fff; --jp-layout-color1: #fff; --jp-layout-color2: #eee;
  --jp-ui-font-color1: rgba(0,0,0,.87); --jp-ui-font-color2: rgba(0,0,0,.54); --jp-border-color2: #e0e0e0;
  --jp-brand-color1: #1976d2; --jp-content-link-color: #1976d2; }
body[data-jp-theme-light='false'] { --jp-layout-color0: #111; --jp-layout-color1: #212121; --jp-layout-color2: #424242;
  --jp-ui-font-color1: rgba(255,255,255,.87); --jp-ui-font-color2: rgba(255,255,255,.54); --jp-border-color2: #424242;
  --jp-brand-color1: #2196f3; --jp-content-link-color: #64b5f6; }
body { margin: 0; background: var(--jp-layout-color0); color: var(--jp-ui-font-color1);
  font-family: var(--jp-ui-font-family); font-size: 13px; }
section { padding: 12px; }
`;

/**
 * @param out Folder to write `index.html` into.
 * @returns Path of the page.
 */
export async function bundlePage(out) {
  const result = await build({
    entryPoints: [join(here, 'page.ts')],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
    loader: { '.json': 'json' }
  });
  const css = await readFile(join(root, 'style/views.css'), 'utf8');
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'page.js'), result.outputFiles[0].text);
  const page = join(out, 'index.html');
  await writeFile(
    page,
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Loupe's views</title>
<style>${THEMES}${css}</style><body data-jp-theme-light="true"><script src="page.js"></script></body></html>`
  );
  return page;
}
