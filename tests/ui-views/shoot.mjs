/**
 * Draws every view in Chromium in both themes and writes a PNG of each.
 *
 * node tests/ui-views/shoot.mjs OUT [--only name,name] [--theme light|dark] [--width 900] [--plotly]
 */
import { chromium } from 'playwright-core';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { bundlePage } from './bundle.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    theme: { type: 'string' },
    width: { type: 'string', default: '900' },
    plotly: { type: 'boolean', default: false }
  }
});
const out = resolve(positionals[0] ?? 'gallery');
const page = await bundlePage(out);
const browser = await chromium.launch({
  executablePath: process.env.LOUPE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking']
});
let failed = false;
try {
  for (const theme of values.theme ? [values.theme] : ['light', 'dark']) {
    const tab = await browser.newPage({ viewport: { width: Number(values.width), height: 900 } });
    tab.on('pageerror', e => {
      failed = true;
      console.error(theme, e.stack ?? e.message);
    });
    tab.on('console', m => m.type() === 'error' && console.error(theme, m.text()));
    await tab.addInitScript(t => {
      addEventListener('DOMContentLoaded', () => (document.body.dataset.jpThemeLight = String(t === 'light')));
      // The script at the end of the body runs before that event.
      new MutationObserver((_, o) => {
        if (document.body) {
          document.body.dataset.jpThemeLight = String(t === 'light');
          o.disconnect();
        }
      }).observe(document, { childList: true, subtree: true });
    }, theme);
    const query = new URLSearchParams();
    if (values.only) {
      query.set('only', values.only);
    }
    if (values.plotly) {
      query.set('plotly', '');
    }
    await tab.goto(`${pathToFileURL(page)}?${query}`);
    const times = await tab.evaluate(() => window.views);
    console.log(theme, JSON.stringify(times));
    for (const name of Object.keys(times)) {
      await tab
        .locator(`#${name}`)
        .screenshot({ path: `${out}/${name}-${theme}${values.plotly ? '-plotly' : ''}.png` });
    }
    await tab.close();
  }
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
