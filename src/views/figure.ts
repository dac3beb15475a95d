import type { FigureData } from '../../kernel/protocol/view';
import { drawFigure } from '../plotly/draw';
import type { DrawnFigure } from '../plotly/draw';
import type { Component } from './component';
import { stepper } from './controls';
import { html } from './dom';

/** One Plotly figure, or several to step through. */
export function figure(data: FigureData): Component {
  let selected = data.frame;
  let drawn: DrawnFigure | undefined;
  const plot = html('div', { class: 'loupe-plotly' });
  const current = (): FigureData['frames'][number] => data.frames[selected]!;
  let settle: () => void = () => undefined;
  const ready = new Promise<void>(resolve => (settle = resolve));
  let started = false;
  const show = async (): Promise<void> => {
    if (drawn) {
      await drawn.update(untitled(current().figure));
    } else if (!started && plot.isConnected) {
      started = true;
      drawn = await drawFigure(plot, untitled(current().figure));
      settle();
    }
  };
  const control = stepper(
    data.frame_title || 'Figure',
    data.frames.map(f => f.label),
    selected,
    i => {
      selected = i;
      void show();
    }
  );
  return {
    element: html(
      'div',
      {},
      data.frames.length > 1 ? html('div', { class: 'loupe-controls' }, control.element) : undefined,
      plot
    ),
    redraw: () => void show(),
    ready,
    picture: () => drawn?.image('svg'),
    table: () => current().table,
    dispose: () => drawn?.dispose()
  };
}

/** The figure without its title, which the view shows above. */
function untitled(figure: FigureData['frames'][number]['figure']): FigureData['frames'][number]['figure'] {
  return { ...figure, layout: { ...figure.layout, title: { text: '' } } };
}
