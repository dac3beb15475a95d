/** MIME types that cross the line between kernel and page. */

export const TEXT = 'text/plain';
export const HTML = 'text/html';
export const MARKDOWN = 'text/markdown';
export const SVG = 'image/svg+xml';
export const PNG = 'image/png';
export const JPEG = 'image/jpeg';
export const LATEX = 'text/latex';
export const JSON_MIME = 'application/json';
export const JAVASCRIPT = 'application/javascript';
export const PLOTLY = 'application/vnd.plotly.v1+json';
/** Loupe's own views: compact data our renderer draws. */
export const VIEW = 'application/vnd.loupe.view+json';
export const WIDGET = 'application/vnd.jupyter.widget-view+json';
