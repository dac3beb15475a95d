import type { ViewDocument, ViewKind } from '../../kernel/protocol/view';
import { attention } from './attention';
import { config } from './config';
import { figure } from './figure';
import { matrix } from './matrix';
import { sampling } from './sampling';
import { tokens } from './tokens';
import type { Component, Context, MakeComponent } from './component';
import { logits } from './logits';

/** Kind → component. A new kind of view is one line here and one file beside. */
const KINDS: { readonly [K in ViewKind]?: MakeComponent<K> } = {
  attention,
  config,
  figure,
  logits,
  matrix,
  sampling,
  tokens
};

/**
 * Makes the component of a view.
 * @throws {TypeError} If the document is of a kind this version does not know.
 */
export function makeComponent(document: ViewDocument, context: Context): Component {
  const make = KINDS[document.kind] as MakeComponent<ViewKind> | undefined;
  if (!make) {
    throw new TypeError(
      `Cannot draw a view of kind "${document.kind}" as this version knows ${Object.keys(KINDS).join(', ')}: ` +
        'update jupyterlab-loupe'
    );
  }
  return make(document.data, context);
}
