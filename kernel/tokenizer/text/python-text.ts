/** How Python writes a value: `str()` outside, `repr()` inside lists and dictionaries. */

/** A value of a chat template, as the interpreter holds it. */
interface TemplateValue {
  readonly type: string;
  readonly value: unknown;
  toString(): string;
}

/**
 * Python's `str(value)`.
 *
 * @param value A value of the template interpreter; an undefined one is ''.
 */
export function pythonText(value: TemplateValue): string {
  switch (value.type) {
    case 'StringValue':
      return value.value as string;
    case 'UndefinedValue':
      return '';
    default:
      return pythonRepr(value, 0);
  }
}

function pythonRepr(value: TemplateValue, depth: number): string {
  if (depth > 200) {
    return '…';
  }
  switch (value.type) {
    case 'StringValue':
      return quote(value.value as string);
    case 'BooleanValue':
      return value.value ? 'True' : 'False';
    case 'NullValue':
      return 'None';
    case 'UndefinedValue':
      return 'Undefined';
    case 'ArrayValue':
      return `[${(value.value as TemplateValue[]).map(item => pythonRepr(item, depth + 1)).join(', ')}]`;
    case 'TupleValue': {
      const items = (value.value as TemplateValue[]).map(item => pythonRepr(item, depth + 1));
      return items.length === 1 ? `(${items[0]!},)` : `(${items.join(', ')})`;
    }
    case 'ObjectValue': {
      const entries = [...(value.value as Map<string, TemplateValue>)];
      return `{${entries.map(([key, item]) => `${quote(key)}: ${pythonRepr(item, depth + 1)}`).join(', ')}}`;
    }
    case 'FunctionValue':
      return '<function>';
    default:
      return value.toString();
  }
}

/** Python's `repr` of a string. */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let result = '';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '\\' || char === mark) {
      result += `\\${char}`;
    } else if (char === '\n' || char === '\r' || char === '\t') {
      result += { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char];
    } else if (char !== ' ' && /[\p{C}\p{Z}]/u.test(char)) {
      result += code < 0x100 ? `\\x${hex(code, 2)}` : code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
    } else {
      result += char;
    }
  }
  return mark + result + mark;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}
