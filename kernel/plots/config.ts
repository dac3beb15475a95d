import type { ConfigData, FigureJson } from '../protocol/view';
import { layout } from './figure';
import { View } from './view';

/** What explains a field; given by the composer, so that plots stay free of configuration. */
export interface FieldMeaning {
  readonly meaning: string;
}

/** A configuration, as far as it is shown. */
export interface ConfigLike {
  readonly model_type?: unknown;
  readonly _name_or_path?: unknown;
  to_dict?(): { readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

const GROUPS: readonly { title: string; test: RegExp }[] = [
  {
    title: 'Size',
    test: /hidden_size|intermediate_size|num_hidden_layers|vocab_size|n_embd|n_layer|n_inner|d_model|d_ff|num_layers/
  },
  { title: 'Attention', test: /head|attention|attn|sliding|window|n_head|softcap|layer_types/ },
  { title: 'Positions', test: /rope|position|rotary|alibi/ },
  { title: 'Layers', test: /act|norm|eps|bias|tie|mlp|initializer/ },
  { title: 'Text', test: /token_id|bos|eos|pad/ }
];

/**
 * Explains a configuration field by field.
 *
 * @param config What `AutoConfig.from_pretrained` returns.
 * @param options `docs`: explanations by field.
 */
export function config_view(
  config: ConfigLike,
  options: { title?: string; docs?: { readonly [field: string]: string } } = {}
): View {
  const fields = typeof config?.to_dict === 'function' ? config.to_dict() : config;
  if (typeof fields !== 'object' || fields === null) {
    throw new TypeError(
      'Cannot show a configuration as it must be an object: AutoConfig.from_pretrained(name) makes one'
    );
  }
  const docs = options.docs ?? {};
  const left = new Set(
    Object.keys(fields).filter(k => !k.startsWith('_') && fields[k] !== null && fields[k] !== undefined)
  );
  const entry = (key: string): ConfigData['groups'][number]['entries'][number] => ({
    key,
    value: shortJson(fields[key]),
    ...(docs[key] ? { meaning: docs[key] } : {})
  });
  const groups = [
    ...GROUPS.map(({ title, test }) => {
      const keys = [...left].filter(k => test.test(k));
      keys.forEach(k => left.delete(k));
      return { title, entries: keys.map(entry) };
    }),
    { title: 'Other', entries: [...left].map(entry) }
  ].filter(g => g.entries.length > 0);
  const name = String(config._name_or_path ?? '') || String(config.model_type ?? 'configuration');
  const title = options.title ?? `Configuration of ${name}`;
  const rows = groups.flatMap(g => g.entries.map(e => [e.key, e.value, e.meaning ?? '']));
  const figure = (): FigureJson => ({
    data: [
      {
        type: 'bar',
        orientation: 'h',
        y: rows.map(r => r[0]!),
        x: rows.map(() => 0),
        text: rows.map(r => r[1]!),
        textposition: 'outside'
      }
    ],
    layout: layout(title, {
      height: 120 + 20 * rows.length,
      yaxis: { autorange: 'reversed', automargin: true },
      xaxis: { visible: false, range: [0, 1] }
    })
  });
  return new View({
    document: { version: 1, kind: 'config', title, data: { name, groups } },
    figure,
    table: { columns: ['field', 'value', 'meaning'], rows }
  });
}

function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}
