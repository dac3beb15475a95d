import { html, uniqueId } from './dom';

/** A control with its label; `set` changes what it shows without calling back. */
export interface Control<T> {
  readonly element: HTMLElement;
  set(value: T): void;
}

/** A native select with buttons for the previous and next entry. */
export function stepper(
  label: string,
  options: readonly string[],
  value: number,
  onChange: (index: number) => void
): Control<number> {
  const id = uniqueId('select');
  const select = html(
    'select',
    { id, class: 'loupe-select' },
    ...options.map((text, i) => html('option', { value: i }, text))
  );
  const step = (by: number): void => {
    const next = Number(select.value) + by;
    if (next >= 0 && next < options.length) {
      set(next);
      onChange(next);
    }
  };
  const back = html('button', { type: 'button', class: 'loupe-step', 'aria-label': `Previous ${label}` }, '‹');
  const forth = html('button', { type: 'button', class: 'loupe-step', 'aria-label': `Next ${label}` }, '›');
  back.addEventListener('click', () => step(-1));
  forth.addEventListener('click', () => step(1));
  const set = (index: number): void => {
    select.value = String(index);
    back.disabled = index <= 0;
    forth.disabled = index >= options.length - 1;
  };
  select.addEventListener('change', () => {
    set(Number(select.value));
    onChange(Number(select.value));
  });
  set(value);
  const element = html(
    'span',
    { class: 'loupe-control' },
    html('label', { for: id }, label),
    html('span', { class: 'loupe-joined' }, back, select, forth)
  );
  return { element, set };
}

/** Exclusive choices as a row of buttons. */
export function segments(
  label: string,
  options: readonly string[],
  value: number,
  onChange: (index: number) => void
): Control<number> {
  const buttons = options.map((text, i) =>
    html('button', { type: 'button', class: 'loupe-segment', click: () => choose(i) }, text)
  );
  const set = (index: number): void => buttons.forEach((b, i) => b.setAttribute('aria-pressed', String(i === index)));
  const choose = (index: number): void => {
    set(index);
    onChange(index);
  };
  set(value);
  return { element: html('span', { class: 'loupe-joined', role: 'group', 'aria-label': label }, ...buttons), set };
}

/** A check box. */
export function toggle(label: string, value: boolean, onChange: (on: boolean) => void): Control<boolean> {
  const input = html('input', { type: 'checkbox' });
  input.checked = value;
  input.addEventListener('change', () => onChange(input.checked));
  return {
    element: html('label', { class: 'loupe-control' }, input, label),
    set: on => {
      input.checked = on;
    }
  };
}

export interface SliderOptions {
  min: number;
  max: number;
  step: number;
  value: number;
  /** How the value is written beside the slider. */
  format?: (value: number) => string;
}

/** A native range with its value beside it. */
export function slider(label: string, options: SliderOptions, onChange: (value: number) => void): Control<number> {
  const id = uniqueId('range');
  const { format = String } = options;
  const input = html('input', {
    id,
    type: 'range',
    class: 'loupe-range',
    min: options.min,
    max: options.max,
    step: options.step
  });
  const output = html('output', { for: id, class: 'loupe-output' });
  const set = (value: number): void => {
    input.value = String(value);
    input.setAttribute('aria-valuetext', format(value));
    output.textContent = format(value);
  };
  input.addEventListener('input', () => {
    set(Number(input.value));
    onChange(Number(input.value));
  });
  set(options.value);
  const element = html('span', { class: 'loupe-control' }, html('label', { for: id }, label), input, output);
  return { element, set };
}

/**
 * Makes one of a row of elements reachable by Tab and the arrow keys move among them (roving focus).
 *
 * @param columns Entries per row, for up and down; 1 where up and down are as left and right.
 */
export function roving(elements: readonly HTMLElement[], columns = 1): void {
  elements.forEach((e, i) => {
    e.tabIndex = i === 0 ? 0 : -1;
    e.addEventListener('focus', () => elements.forEach(x => (x.tabIndex = x === e ? 0 : -1)));
    e.addEventListener('keydown', event => {
      const steps: { [key: string]: number } = {
        ArrowRight: 1,
        ArrowLeft: -1,
        ArrowDown: columns,
        ArrowUp: -columns,
        Home: -i,
        End: elements.length - 1 - i
      };
      const step = steps[event.key];
      const next = step === undefined ? undefined : elements[i + step];
      if (next) {
        event.preventDefault();
        event.stopPropagation();
        next.focus();
      }
    });
  });
}
