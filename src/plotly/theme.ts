import type { Theme } from '../views/theme';

/**
 * A Plotly template of JupyterLab's colours. Being a template it only fills in what a figure leaves open.
 */
export function template(theme: Theme): object {
  const axis = {
    gridcolor: theme.line,
    linecolor: theme.line,
    zerolinecolor: theme.line,
    tickcolor: theme.line,
    automargin: true
  };
  return {
    layout: {
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { color: theme.text, family: theme.font, size: 12 },
      colorway: theme.dark
        ? ['#6baed6', '#fdae6b', '#74c476', '#fb8072', '#bcbddc', '#c49c94', '#f7b6d2', '#c7c7c7']
        : ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f'],
      xaxis: axis,
      yaxis: axis,
      hoverlabel: {
        bgcolor: theme.background,
        bordercolor: theme.line,
        font: { color: theme.text, family: theme.font }
      },
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: theme.muted, activecolor: theme.text },
      legend: { bgcolor: 'rgba(0,0,0,0)' },
      colorscale: theme.dark
        ? { sequential: 'Viridis', diverging: 'RdBu' }
        : { sequential: 'Blues', sequentialminus: 'Blues', diverging: 'RdBu' }
    }
  };
}

/** The user's layout with the page's theme under it; a template the figure brings stays on top. */
export function themed(layout: { [key: string]: unknown }, theme: Theme): { [key: string]: unknown } {
  const own = layout['template'] as { layout?: object; data?: object } | undefined;
  const base = template(theme) as { layout: object };
  return {
    ...layout,
    template: own && typeof own === 'object' ? { ...own, layout: { ...own.layout, ...base.layout } } : base
  };
}
