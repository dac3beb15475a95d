import type { Candidate, LogitsData, Table } from '../../kernel/protocol/view';
import type { Component, Context } from './component';
import { stepper } from './controls';
import { html } from './dom';
import { percent, short, tokenNodes, visible } from './text';
import { TokenStrip } from './token-strip';

/** A list of candidates with bars; `mark` is the one chosen or true. */
export function candidateList(top: readonly Candidate[], mark?: number): HTMLElement {
  const most = Math.max(...top.map(c => c.p ?? 0), 1e-9);
  const list = html('ol', { class: 'loupe-bars' });
  for (const c of top) {
    const bar = html('span', { class: 'loupe-bar' });
    bar.style.width = `${(100 * (c.p ?? 0)) / most}%`;
    list.append(
      html(
        'li',
        { class: c.id === mark ? 'loupe-marked' : '', title: `id ${c.id}, logit ${short(c.logit, 5)}` },
        html('span', { class: 'loupe-bartoken' }, ...tokenNodes(c.token)),
        html('span', { class: 'loupe-track', 'aria-hidden': 'true' }, bar),
        html('span', { class: 'loupe-number' }, percent(c.p)),
        html('span', { class: 'loupe-number loupe-muted' }, short(c.logit, 4))
      )
    );
  }
  return list;
}

/** The likeliest next tokens, by position where there are several. */
export function logits(data: LogitsData, context: Context): Component {
  let selected = data.selected;
  const several = data.positions.length > 1;
  const bars = html('div', {});
  const head = html('p', { class: 'loupe-help' });
  const strip = new TokenStrip(data.tokens, {
    label: 'Positions: choose one to see what the model expects after it',
    onToken: i => several && i !== undefined && show(i),
    onChoose: i => several && choose(i)
  });
  const name = (i: number): string => {
    const { position } = data.positions[i]!;
    return data.tokens[position] === undefined
      ? `position ${position}`
      : `${position} ${visible(data.tokens[position]!)}`;
  };
  const control = stepper(
    'After',
    data.positions.map((_, i) => name(i)),
    selected,
    i => choose(i)
  );
  const choose = (i: number): void => {
    selected = i;
    control.set(i);
    show(i);
  };
  const show = (i: number): void => {
    const { top, entropy, target } = data.positions[i]!;
    bars.replaceChildren(candidateList(top, target?.id));
    head.replaceChildren(
      html('span', { class: 'loupe-bartoken loupe-muted' }, 'token'),
      html('span', { class: 'loupe-muted' }, `entropy ${short(entropy)} nats`),
      html('span', { class: 'loupe-number loupe-muted' }, 'probability'),
      html('span', { class: 'loupe-number loupe-muted' }, 'logit')
    );
    const came = target ? `; then came ${visible(target.token)}, ${percent(target.p)}, rank ${target.rank}` : '';
    context.announce(several ? `After ${name(i)}: ${visible(top[0]!.token)} ${percent(top[0]!.p)}${came}` : '');
    strip.mark(data.positions[selected]!.position, data.positions[i]!.position);
  };
  head.classList.add('loupe-barhead');
  const element = html(
    'div',
    { class: 'loupe-logits' },
    several ? html('div', { class: 'loupe-controls' }, control.element) : undefined,
    several && data.tokens.length ? html('div', { class: 'loupe-stripbox' }, strip.element) : undefined,
    head,
    bars
  );
  strip.element.addEventListener('pointerleave', () => show(selected));
  return {
    element,
    redraw: () => show(selected),
    table: (): Table => ({
      columns: ['position', 'rank', 'token', 'id', 'probability', 'logit'],
      rows: data.positions.flatMap(p =>
        p.top.map((c, rank) => [p.position, rank, visible(c.token), c.id, c.p, c.logit])
      )
    })
  };
}
