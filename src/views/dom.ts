/** Small helpers that make elements. Text is always set as text, so no token can become markup. */

type Attributes = { [name: string]: string | number | boolean | undefined | ((event: never) => void) };
type Child = Node | string | undefined | false;

function assign(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name, value as EventListener);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== undefined && value !== false) {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((c): c is Node | string => c !== undefined && c !== false));
}

/** Makes an HTML element; functions among the attributes are event listeners. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  assign(element, attributes, children);
  return element;
}

/** Makes an SVG element. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  assign(element, attributes, children);
  return element;
}

let counter = 0;

/** An id no other element of the page has. */
export function uniqueId(prefix: string): string {
  return `loupe-${prefix}-${++counter}`;
}
